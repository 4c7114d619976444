/** What a run gives to other tools and takes from them, by the commands of docs/interchange.md. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeNpy, encodeNpy } from '../../src/io/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/io/npz.ts';
import { decodeSafetensors } from '../../src/io/safetensors.ts';
import { expectComplaint, jsonLines, place } from './command.ts';

const { folder, run } = place();
const SMALL = 'digits --digits-train 600 --test 200 --validation 100 --hidden 16 --batch-size 32';
const test200 = async (words: string): Promise<unknown> => jsonLines((await run(`${words} --json`)).out)[0].logs;
let weights: string;

beforeAll(async () => {
  expect((await run(`train ${SMALL} --epochs 2 --out runs/first --quiet`)).err).toBe('');
  const latest = readFileSync(join(folder, 'runs/first/checkpoints/latest'), 'utf8').trim();
  weights = `runs/first/checkpoints/${latest}/model.safetensors`;
});

describe('weights of a safetensors file', () => {
  test('are what training begins with, and what evaluate measures', async () => {
    expect((await run(`train ${SMALL} --seed 2 --init-from ${weights} --epochs 0 --out runs/taken --quiet`)).err).toBe('');
    const saved = JSON.parse(readFileSync(join(folder, 'runs/taken/experiment.json'), 'utf8'));
    expect(saved.model.initFrom).toBe(join(folder, weights));
    const figures = await test200('evaluate runs/first');
    expect(await test200('evaluate runs/taken')).toEqual(figures);
    expect((await run(`train ${SMALL} --seed 3 --epochs 0 --out runs/untrained --quiet`)).err).toBe('');
    expect(await test200('evaluate runs/untrained')).not.toEqual(figures);
    expect(await test200(`evaluate runs/untrained --weights ${weights}`)).toEqual(figures);
  });

  test('of another model, or of no file, are refused before a run is made', async () => {
    const other = await run(`train ${SMALL} --hidden 8 --init-from ${weights} --out runs/other`);
    expectComplaint(
      other,
      1,
      /model\.safetensors: the state is of another model: '1\.weight' is \[16, 784\] there and \[8, 784\] in the model/,
    );
    expectComplaint(await run('train digits --init-from no.safetensors --out runs/other'), 1, 'no.safetensors: there is no such file');
    expect(readdirSync(join(folder, 'runs'))).not.toContain('other');
  });
});

describe("NumPy's arrays", () => {
  const pixels = (count: number): Uint8Array =>
    Uint8Array.from({ length: count * 16 }, (_, i) => (Math.floor(i / 16) % 2 === (i % 16 < 8 ? 0 : 1) ? 200 : 10));
  const labels = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i % 2);

  test('are trained on, and what is predicted comes back as one', async () => {
    const arrays = {
      x_train: { shape: [80, 4, 4], data: pixels(80) },
      y_train: { shape: [80], data: labels(80) },
      x_test: { shape: [10, 4, 4], data: pixels(10) },
      y_test: { shape: [10], data: labels(10) },
    };
    writeFileSync(join(folder, 'two.npz'), encodeNpz(new Map(Object.entries(arrays))));
    writeFileSync(join(folder, 'x.npy'), encodeNpy(arrays.x_test.data, arrays.x_test.shape));
    const trained = await run('train two.npz --hidden 8 --epochs 20 --batch-size 8 --out runs/two --quiet');
    expect(trained.out).toMatch(/accuracy 100.00 % \(0 of 10 wrong\)/);
    expect((await run('predict runs/two x.npy --out p.npy')).err).toBe('');
    const { shape, data } = decodeNpy(readFileSync(join(folder, 'p.npy')), 'p.npy');
    expect(shape).toEqual([10, 2]);
    for (let i = 0; i < 10; i++) expect(data[2 * i + (i % 2)]).toBeGreaterThan(0.5);
    expect((await run('predict runs/two two.npz --out p.csv')).err).toBe('');
    expect(readFileSync(join(folder, 'p.csv'), 'utf8').split('\n').slice(0, 2)).toEqual(['0,1', `${data[0]},${data[1]}`]);
    expectComplaint(
      await run('predict runs/two x.npy --out p.txt'),
      2,
      "--out: 'p.txt' was given; it takes a name that ends in .npy or .csv",
    );
  });
});

test('a parquet table trains as the same CSV does', async () => {
  const table = fileURLToPath(new URL('../golden/tables/zstd.parquet', import.meta.url));
  writeFileSync(
    join(folder, 'same.csv'),
    'length,count,small,colour,on,kind\n1.5,1,1,red,true,a\n,2,2,blue,false,b\n3.25,3,3,red,true,a\n0.1,1099511627776,4,green,true,b\n',
  );
  const flags = '--label kind --missing mean --hidden 4 --epochs 2 --validation 0 --test 1 --json';
  const losses = async (data: string): Promise<unknown[]> =>
    jsonLines((await run(`train ${data} ${flags}`)).out)
      .filter(({ type }) => type === 'epochEnd')
      .map(({ logs }) => logs);
  const fromParquet = await losses(table);
  expect(fromParquet).toHaveLength(2);
  expect(fromParquet).toEqual(await losses('same.csv'));
});

describe('export', () => {
  test('writes the weights as they are, and a model that says what it is', async () => {
    expect((await run('export runs/first w.safetensors')).out).toMatch(
      /^w\.safetensors: runs\/first, checkpoint step-\d+, as safetensors \(/,
    );
    const wanted = decodeSafetensors(readFileSync(join(folder, weights)), 'wanted').tensors;
    expect(decodeSafetensors(readFileSync(join(folder, 'w.safetensors')), 'w').tensors).toEqual(wanted);
    expect((await run('export runs/first w.bin --format npz')).code).toBe(0);
    const arrays = decodeNpz(readFileSync(join(folder, 'w.bin')), 'w.bin');
    for (const [name, { shape, values }] of wanted) expect(arrays.get(name)).toMatchObject({ shape, data: values });
    expect((await run('export runs/first m.onnx --preprocessing --probabilities')).code).toBe(0);
    const text = readFileSync(join(folder, 'm.onnx'), 'latin1');
    for (const name of ['chainrule', 'logits', 'probabilities', '1.weight', '"0","1","2"']) expect(text).toContain(name);
  });

  test('says what is wrong with what was asked for', async () => {
    expectComplaint(
      await run('export runs/first w.foo'),
      2,
      "'w.foo' does not end in .onnx, .safetensors, .npz; say what to write with --format",
    );
    expectComplaint(await run('export runs/first w.npz --preprocessing'), 2, '--preprocessing: it is for onnx; npz holds weights alone');
    expectComplaint(await run('export runs/none w.npz'), 1, 'runs/none: there is no such folder');
  });
});
