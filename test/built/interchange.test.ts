/** What a run gives to other tools and takes from them, by the commands of docs/interchange.md. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { decode as decodePng } from 'fast-png';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeNpy, encodeNpy } from '../../src/io/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/io/npz.ts';
import { decodeSafetensors } from '../../src/io/safetensors.ts';
import { type Event, EventSchema, HParamsPluginDataSchema } from '../../src/io/tensorboard/events_pb.js';
import { expectComplaint, jsonLines, place } from './command.ts';

const { folder, run } = place();
const SMALL = 'digits --digits-train 600 --test 200 --validation 100 --hidden 16 --batch-size 32';
const test200 = async (words: string): Promise<unknown> => jsonLines((await run(`${words} --json`)).out)[0].logs;
let weights: string;

beforeAll(async () => {
  expect((await run(`train ${SMALL} --epochs 2 --out runs/first --quiet`)).err).toBe('');
  const latest = readFileSync(join(folder, 'runs/first/checkpoints/latest'), 'utf8').trim();
  weights = `runs/first/checkpoints/${latest}/model.safetensors`;
}, 60_000);

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

describe("TensorBoard's files", () => {
  /** The events of a file: each record's CRCs are checked, by a CRC-32C computed bit by bit. */
  function eventsOf(path: string): Event[] {
    const bytes = readFileSync(path);
    const events: Event[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
      const content = bytes.subarray(at + 12, at + 12 + length);
      expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc(content));
      events.push(fromBinary(EventSchema, content));
      at += 16 + length;
    }
    expect(events[0].what).toEqual({ case: 'fileVersion', value: 'brain.Event:2' });
    return events.slice(1);
  }

  function maskedCrc(bytes: Uint8Array): number {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    }
    crc = ~crc >>> 0;
    return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  }

  const read = (logs: string, folder_: string) => {
    const path = join(folder, logs, folder_);
    const values = readdirSync(path)
      .filter(name => name.includes('tfevents'))
      .flatMap(name => eventsOf(join(path, name)))
      .flatMap(({ step, what }) => (what.case === 'summary' ? what.value.value.map(value => ({ step: Number(step), ...value })) : []));
    return (tag: string) => values.filter(value => value.tag.startsWith(tag));
  };

  test('are the same while training and afterwards, and hold what the run holds', async () => {
    expect((await run(`train ${SMALL} --epochs 2 --out runs/board --tensorboard logs/live --quiet`)).err).toBe('');
    expect((await run('export runs/board --tensorboard logs/after')).code).toBe(0);
    const epochs = jsonLines(readFileSync(join(folder, 'runs/board/metrics.jsonl'), 'utf8')).filter(
      ({ type }) => type === 'epochEnd',
    ) as unknown as {
      logs: Record<string, number>;
    }[];
    for (const logs of ['logs/live', 'logs/after']) {
      const [train, validation, tested, root] = ['train', 'validation', 'test', '.'].map(name => read(logs, name));
      const figures = (values: ReturnType<typeof train>): unknown[] => values.map(({ step, value }) => [step, value.value]);
      expect(figures(train('epoch/accuracy'))).toEqual(epochs.map(({ logs }, i) => [i + 1, Math.fround(logs.accuracy)]));
      expect(figures(validation('epoch/loss'))).toEqual(epochs.map(({ logs }, i) => [i + 1, Math.fround(logs.val_loss)]));
      expect(figures(tested('epoch/accuracy'))).toHaveLength(1);
      const [weights] = train('weights/1_Linear').slice(-1);
      expect(weights.value).toMatchObject({ case: 'histo', value: { num: 784 * 16 } });
      expect(
        ['gradients/1_Linear', 'activations/1_Linear', 'update_ratio/1_Linear', 'step/learning_rate'].map(tag => train(tag).length > 0),
      ).toEqual([true, true, true, true]);
      const [mistake] = tested('mistakes/01: ');
      const { width, height, data } = decodePng((mistake.value.value as { encodedImageString: Uint8Array }).encodedImageString);
      expect([width, height, Math.max(...data) > 100]).toEqual([28, 28, true]);
      expect(root('_hparams_/').map(({ tag }) => tag)).toEqual(
        ['experiment', 'session_start_info', 'session_end_info'].map(name => `_hparams_/${name}`),
      );
      const { content } = root('_hparams_/session_start_info')[0].metadata!.pluginData!;
      expect(fromBinary(HParamsPluginDataSchema, content).data.value).toMatchObject({
        hparams: { 'model.hidden': { kind: { value: '16' } } },
      });
    }
  });

  test('say what is wrong', async () => {
    writeFileSync(join(folder, 'file'), '');
    expectComplaint(await run('export runs/first --tensorboard file'), 1, /cannot write file/);
    expectComplaint(await run('export runs/first'), 2, 'nothing is asked for; name a file to write, or a folder with --tensorboard');
  });
});
