import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeIdx } from '../../src/data/idx.ts';
import { expectComplaint, place } from './command.ts';

const { folder, run } = place();
const SMALL = 'digits --digits-train 200 --test 50 --validation 50 --hidden 8 --batch-size 32';

const images = (n: number, side = 28): Uint8Array => encodeIdx(new Uint8Array(n * side * side).fill(9), [n, side, side]);
const labels = (...values: number[]): Uint8Array => encodeIdx(Uint8Array.from(values), [values.length]);

/** A small data set in the form of MNIST, with some of its files replaced. */
function idxFolder(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  mkdirSync(join(folder, name));
  const whole = {
    'train-images-idx3-ubyte': images(20),
    'train-labels-idx1-ubyte': labels(...Array.from({ length: 20 }, (_, i) => i % 10)),
    't10k-images-idx3-ubyte': images(10),
    't10k-labels-idx1-ubyte': labels(...Array.from({ length: 10 }, (_, i) => i)),
  };
  for (const [file, bytes] of Object.entries({ ...whole, ...files })) writeFileSync(join(folder, name, file), bytes);
  return name;
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return name;
}

/** Every file under a folder with its content, to see that nothing was touched. */
function snapshot(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(name => statSync(join(path, name)).isFile());
  return Object.fromEntries(names.map(name => [name, readFileSync(join(path, name), 'latin1')]));
}

beforeAll(async () => {
  expect((await run(`train ${SMALL} --epochs 1 --quiet --out runs/good`)).code).toBe(0);
});

describe('data that is not what it should be', () => {
  const train = (data: string) => run(`train mnist --data ${data} --validation 5 --hidden 8 --epochs 1 --out runs/bad`);

  test.each([
    [
      'truncated IDX',
      { 'train-images-idx3-ubyte': images(20).subarray(0, 500) },
      /train-images-idx3-ubyte: .*at byte 500, the file ends early/,
    ],
    ['wrong magic', { 'train-images-idx3-ubyte': Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]) }, /train-images-idx3-ubyte: .*(magic|IDX)/],
    ['gzip cut short', { 't10k-images-idx3-ubyte': gzipSync(images(10)).subarray(0, 25) }, /t10k-images-idx3-ubyte: .*cut short/],
    [
      'label out of range',
      { 't10k-labels-idx1-ubyte': labels(0, 1, 2, 3, 12, 5, 6, 7, 8, 9) },
      /at byte 12, label 4 is 12, expected 0 to 9/,
    ],
    [
      'images of another shape',
      { 't10k-images-idx3-ubyte': images(10, 27) },
      /expected images of uint8 \[n, 28, 28\], found uint8 \[10, 27, 27\]/,
    ],
    ['more images than labels', { 't10k-images-idx3-ubyte': images(11) }, /holds 11 images, .* 10 labels/],
  ])('%s', async (name, files, message) => {
    expectComplaint(await train(idxFolder(name.replaceAll(' ', '-'), files)), 1, message);
    expect(readdirSync(join(folder, 'runs'))).not.toContain('bad');
  });

  test('a folder that is not there, or without the files', async () => {
    expectComplaint(await train('nowhere'), 1, /^chainrule: --data: .*nowhere is not there; expected train-images-idx3-ubyte/);
    mkdirSync(join(folder, 'empty'));
    expectComplaint(await train('empty'), 1, /^chainrule: --data: .*empty holds no MNIST files/);
    const byEnvironment = await run('train', { env: { CHAINRULE_DATA: join(folder, 'nowhere') } });
    expectComplaint(byEnvironment, 1, /^chainrule: CHAINRULE_DATA: .*nowhere is not there/);
  });

  test('Fashion-MNIST has no stand-in: the mirror, the reason, and both ways out', async () => {
    expectComplaint(
      await run('train fashion-mnist'),
      1,
      /127\.0\.0\.1:9\/train-images-idx3-ubyte\.gz: .*\n.*--data DIR.*CHAINRULE_DATA.*digits/s,
    );
  });

  test.each([
    ['ragged', 'a,b,y\n1,2,x\n3,4\n5,6,z\n', /line 3|row 2/],
    ['NaN cell', 'a,b,y\n1,2,x\n3,NaN,z\n5,6,z\n', /NaN/],
    ['empty', '', /empty|no rows|nothing/i],
    ['no such column', 'a,b,c\n1,2,x\n3,4,z\n', /no-such-column\.csv: label: there is no column "y"; the columns are a, b, c/],
  ])('CSV: %s', async (name, text, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.csv`, text);
    expectComplaint(await run(`train ${path} --label y --epochs 1 --out runs/bad`), 1, message);
  });

  test('CSV: not there, no label', async () => {
    expectComplaint(await run('train none.csv --label y'), 1, /none\.csv: there is no such file/);
    expectComplaint(await run('train none.csv'), 2, /'data\.label' is missing; give it with --label/);
  });
});

describe('what is typed', () => {
  test.each([
    ['trian', /'trian' is no command.*\nDid you mean 'chainrule train'\?/],
    ['train mnits', /'mnits' is no data set.*\nDid you mean mnist\?/],
    ['train --epoch 3', /unknown option '--epoch'\n\(Did you mean --epochs\?\)\nSee 'chainrule train --help'/],
    ['train --lr', /option '--lr <N>' argument missing/],
    ['train --lr -1', /--lr: -1 was given; it must be a number above 0/],
    ['train --hidden 5,x', /--hidden: 5,x was given; each must be a whole number/],
    ['train --optimizer sgd --betas 0.9,0.9', /--betas: optimizer sgd does not take it; it takes .*--momentum/],
    ['train --json --quiet', /'--json' cannot be used with option '--quiet'/],
    ['train mnist extra', /too many arguments/],
    ['train --config none.json', /--config: none\.json: there is no such file/],
    ['evaluate', /missing required argument 'run'/],
    ['evaluate runs/good --split tset', /Allowed choices are test, validation, train/],
    ['evaluate runs/good --data x', /--data: runs\/good was trained on digits/],
    ['predict runs/good', /missing required argument 'files'/],
    ['predict runs/good a.png --draw few', /--draw: 'few' was given; it takes a whole number/],
    ['datasets get digits', /<name>: 'digits' was given; it takes one of mnist, fashion-mnist/],
    ['datasets show digits --n 0', /--n: '0' was given; it takes a whole number from 1/],
    ['train --resume runs/good --lr 1', /--resume: --lr cannot be changed in a run that has begun/],
    ['train --resume runs/good', /runs\/good has done all its 1 epochs/],
  ])('chainrule %s', async (words, message) => {
    expectComplaint(await run(words), 2, message);
  });

  test('a config with a mistake in it', async () => {
    file('broken.json', '{"seed": ');
    expectComplaint(await run('train --config broken.json'), 2, /--config: broken\.json: not JSON/);
    file('wrong.json', '{"trainig": {}, "seed": -1}');
    expectComplaint(
      await run('train --config wrong.json'),
      2,
      /wrong\.json: 'seed' is -1; .*\n?.*'trainig' is not an option; known here are .*training/s,
    );
  });
});

describe('runs that cannot be written or read', () => {
  test('a folder that is not empty is left as it is', async () => {
    const before = snapshot(join(folder, 'runs/good'));
    expectComplaint(await run(`train ${SMALL} --out runs/good`), 1, /--out: runs\/good is not empty.*\n.*train --resume runs\/good/);
    mkdirSync(join(folder, 'mine'));
    file('mine/letter.txt', 'dear');
    expectComplaint(await run(`train ${SMALL} --out mine`), 1, /--out: mine is not empty/);
    expect(snapshot(join(folder, 'mine'))).toEqual({ 'letter.txt': 'dear' });
    expect(snapshot(join(folder, 'runs/good'))).toEqual(before);
  });

  test('a place where nothing can be written', async () => {
    file('plain', 'a file');
    expectComplaint(await run(`train ${SMALL} --out plain/run`), 1, /cannot write plain\/run: a part of the path is a file/);
    expect(readFileSync(join(folder, 'plain'), 'utf8')).toBe('a file');
    expectComplaint(await run(`train ${SMALL} --out plain`), 1, /plain/);
  });

  test('no run, a damaged one, and the weights of another model', async () => {
    expectComplaint(await run('evaluate nowhere'), 1, /nowhere: there is no such folder/);
    expectComplaint(await run('evaluate plain'), 1, /plain: it is a file, not a folder/);
    expectComplaint(await run('evaluate mine'), 1, /mine: not a run folder/);
    const copy = (name: string): string => {
      cpSync(join(folder, 'runs/good'), join(folder, name), { recursive: true });
      return join(folder, name);
    };
    const other = join(copy('other'), 'experiment.json');
    writeFileSync(other, readFileSync(other, 'utf8').replace(/"hidden": \[\s*8\s*\]/, '"hidden": [9]'));
    expectComplaint(await run('evaluate other'), 1, /'1\.weight' is \[8, 784\] there and \[9, 784\] in the model/);
    const damaged = copy('damaged');
    const checkpoint = join(damaged, 'checkpoints', readFileSync(join(damaged, 'checkpoints/latest'), 'utf8').trim(), 'model.safetensors');
    writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, 1000));
    expectComplaint(await run('predict damaged plain.png'), 1, /model\.safetensors: its SHA-256 is [0-9a-f]{64}, and SHA256SUMS says/);
    writeFileSync(join(copy('untold'), 'data.json'), '{');
    expectComplaint(await run('evaluate untold'), 1, /data\.json: not JSON/);
  });
});

describe('pictures that cannot be read', () => {
  test.each([
    ['none.png', /none\.png: there is no such file/],
    ['text.png', /text\.png: not a PNG file/],
    ['small-idx3-ubyte', /small-idx3-ubyte: it holds uint8 \[2, 27, 27\]; images of uint8 \[n, 28, 28\] were expected/],
    ['cut.gz', /cut\.gz: .*cut short/],
  ])('%s', async (name, message) => {
    if (name === 'text.png') file(name, 'hello');
    if (name === 'small-idx3-ubyte') file(name, images(2, 27));
    if (name === 'cut.gz') file(name, gzipSync(images(3)).subarray(0, 20));
    expectComplaint(await run(`predict runs/good ${name}`), 1, message);
  });
});

test('a loss that is no longer a number ends the run with where, why and what to try', async () => {
  const outcome = await run(`train ${SMALL} --optimizer sgd --lr 1e30 --epochs 3 --out runs/nan`);
  expectComplaint(
    outcome,
    1,
    /the loss became (NaN|Infinity) in epoch 1, step \d+: .*\n.*grown beyond float32.*\nTry a smaller learning rate.*\nThe run so far is in runs\/nan/,
  );
  expect(JSON.parse(readFileSync(join(folder, 'runs/nan/run.json'), 'utf8'))).toMatchObject({ outcome: 'failed' });
});
