import { createHash } from 'node:crypto';
import { gzipSync, strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { gunzip } from '../../../src/data/gzip.ts';
import { encodeIdx } from '../../../src/data/idx.ts';
import { MNIST_FILES } from '../../../src/data/mnist-files.ts';
import { checkPoints, type PointsOptions, points } from '../../../src/data/points/points.ts';
import { experimentFromFlags } from '../../../src/experiment/flags.ts';
import { preparePoints } from '../../../src/experiment/prepare.ts';
import { runExperiment } from '../../../src/experiment/run.ts';
import { parseExperiment } from '../../../src/experiment/schema.ts';
import { decodeSafetensors } from '../../../src/io/safetensors.ts';
import { mnistCodec } from '../labs/mnist/state.ts';
import { pointsFromCsv } from '../labs/playground/csv-points.ts';
import { playgroundCodec } from '../labs/playground/state.ts';
import { known } from '../run/flag-text.ts';
import { prepareData } from '../training/data.ts';
import { openRun } from '../training/run-file.ts';
import { josa } from './josa.ts';
import { inKorean, lines } from './reasons-ko.ts';

async function messageOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

/** The forms that something was said in. */
const used = new Set<RegExp>();

/** Every line is said in Korean, and no particle is left written both ways. */
async function expectKorean(work: () => unknown): Promise<void> {
  for (const line of (await messageOf(work)).split('\n')) {
    const said = josa(inKorean(line));
    const bare = line.replace(/^the experiment: /, '');
    used.add(lines.find(([form]) => form.test(bare))![0]);
    expect(said, line).not.toBe(line);
    expect(said, line).toMatch(/[가-힣]/);
    expect(said, line).not.toMatch(/은\(는\)|을\(를\)/);
    // A list of what is allowed is left as it is; sentences are not.
    expect(said, line).not.toMatch(/\b(expected|must|is not|there is|choose|damaged|needs)\b/);
  }
}

describe('settings', () => {
  test.each([
    { optimizer: { name: 'adam', lr: 0 } },
    { optimizer: { name: 'adam', betas: [0.9, 1] } },
    { optimizer: { name: 'adam', momentum: 0.5 } },
    { optimizer: { name: 'adam', amsgrad: 'yes' } },
    { optimizer: { name: 'sgd', lr: 0.1, nesterov: true } },
    { optimizer: [] },
    { model: { hidden: [0] } },
    { model: { hidden: [8, 8], activation: ['relu'] } },
    { model: { activation: 'step' } },
    { model: { dropout: 1 } },
    { data: { name: 'points', noise: -1 } },
    { data: { name: 'points', noise: 11 } },
    { data: { name: 'points', count: 3.5 } },
    { data: { name: 'points', count: 200_000 } },
    { data: { name: 'csv', file: 'a.csv' } },
    { loss: { labelSmoothing: 2 } },
    { regularization: { l2: -1 } },
    { training: { epochs: -1 } },
    { seed: 2 ** 60 },
    { version: 2 },
    { model: { hidden: new Array(20).fill(0) } },
  ])('%j', experiment => expectKorean(() => parseExperiment(experiment)));

  test('in an address', async () => {
    const flags = (given: Record<string, string | true>) => () => experimentFromFlags({ flags: known(given) });
    await expectKorean(flags({ '--lr': '0' }));
    await expectKorean(flags({ '--hidden': '8,x' }));
    await expectKorean(flags({ '--nonsense': true }));
    await expectKorean(flags({ '--betas': '0.9' }));
    await expectKorean(flags({ '--optimizer': 'adam', '--momentum': '0.5' }));
  });

  test('a loss that does not suit the targets', () =>
    expectKorean(async () => {
      const experiment = parseExperiment({ data: { name: 'points' }, loss: { name: 'mse' } });
      await runExperiment(experiment, { data: preparePoints(experiment.data as never) });
    }));
});

test.each([
  { shape: 'circle', noise: Number.NaN },
  { shape: 'circle', count: 2 },
  { shape: 'circle', classes: 3 },
  { shape: 'spiral', classes: 99 },
  { shape: 'torus' },
  { shape: 'circle', count: 8, validation: 9 },
  { shape: 'circle', test: -1 },
] as unknown as PointsOptions[])('points: %j', options =>
  expectKorean(() => {
    checkPoints(options);
    points(options);
  }),
);

test.each([
  ['an empty file', ''],
  ['no rows', 'x,y,class\n'],
  ['two columns', 'x,y\n1,2\n'],
  ['a name twice', 'x,x,y,class\n1,2,3,a\n'],
  ['a short line', 'x,y,class\n1,2\n'],
  ['an open quote', 'x,y,class\n1,2,"a\n'],
  ['an empty cell', 'x,y,class\n1,,a\n2,3,b\n'],
  ['a word', 'x,y,class\n1,up,a\n2,3,b\n'],
  ['words', 'x,y,class\none,up,a\ntwo,down,b\n'],
  ['a number beyond float32', 'x,y,class\n1,1e99,a\n2,3,b\n'],
  [
    'many classes',
    `x,y,class\n${'abcdefgh'
      .split('')
      .map((name, i) => `${i},${i},${name}`)
      .join('\n')}`,
  ],
])('a table: %s', (_, text) => expectKorean(() => pointsFromCsv(text, 'my.csv')));

test('a table of which one column is chosen twice', () =>
  expectKorean(() => pointsFromCsv('x,y,class\n1,2,a\n2,3,b\n', 'my.csv', { x: 'x', y: 'x', label: 'class' })));

describe('files of MNIST', () => {
  const images = encodeIdx(new Uint8Array(2 * 784), [2, 28, 28]);
  const labels = encodeIdx(Uint8Array.of(1, 2), [2]);
  const given = (changed: Record<number, Uint8Array | null>): Record<string, Uint8Array> =>
    Object.fromEntries(
      MNIST_FILES.flatMap((name, i) => {
        const bytes = changed[i] === undefined ? (name.includes('images') ? images : labels) : changed[i];
        return bytes === null ? [] : [[name, bytes]];
      }),
    );
  const imagesAt = MNIST_FILES.findIndex(name => name.includes('images'));
  const labelsAt = MNIST_FILES.findIndex(name => name.includes('labels'));
  test.each([
    ['one missing', { [imagesAt]: null }],
    ['cut short', { [imagesAt]: images.slice(0, 500) }],
    ['cut in the header', { [imagesAt]: images.slice(0, 9) }],
    ['another magic number', { [imagesAt]: Uint8Array.of(9, 9, 8, 1, 0, 0, 0, 0) }],
    ['another type', { [imagesAt]: Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0) }],
    ['too long', { [imagesAt]: Uint8Array.of(...images, 0) }],
    ['another shape', { [imagesAt]: encodeIdx(new Uint8Array(2 * 25), [2, 5, 5]) }],
    ['labels in a square', { [labelsAt]: encodeIdx(new Uint8Array(4), [2, 2]) }],
    ['a label too few', { [labelsAt]: encodeIdx(Uint8Array.of(1), [1]) }],
    ['a label of 10', { [labelsAt]: encodeIdx(Uint8Array.of(1, 10), [2]) }],
    ['damaged gzip', { [imagesAt]: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3) }],
  ])('%s', (_, changed) => expectKorean(() => prepareData(parseExperiment({ data: { name: 'mnist', validation: 0 } }), given(changed))));
});

test('what another program made', async () => {
  await expectKorean(() => decodeSafetensors(new Uint8Array(3), 'model.safetensors'));
  await expectKorean(() => gunzip(gzipSync(new Uint8Array(100)), 'x.gz', 10));
  await expectKorean(() => prepareData(parseExperiment({ data: { name: 'npz', file: 'x.npz' } }), {}));
});

describe('runs', () => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const zip = (files: Record<string, string>): Uint8Array =>
    zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [`run/${path}`, strToU8(text)])));
  const experiment = { 'experiment.json': '{}', 'checkpoints/latest': 'a' };
  test.each([
    ['no zip', strToU8('nothing')],
    ['no run', zip({ 'a.txt': '' })],
    ['a torn experiment', zip({ 'experiment.json': '{' })],
    ['an experiment that cannot be', zip({ 'experiment.json': '{"training":{"epochs":-1}}' })],
    ['no checkpoint', zip({ 'experiment.json': '{}' })],
    ['nothing in the checkpoint', zip(experiment)],
    ['a list that is none', zip({ ...experiment, 'checkpoints/a/SHA256SUMS': 'x' })],
    ['a list without it', zip({ ...experiment, 'checkpoints/a/SHA256SUMS': '' })],
    [
      'a changed file',
      zip({ ...experiment, 'checkpoints/a/SHA256SUMS': `${sha256('{')}  state.json\n`, 'checkpoints/a/state.json': '{}' }),
    ],
    ['a torn file', zip({ ...experiment, 'checkpoints/a/SHA256SUMS': `${sha256('{')}  state.json\n`, 'checkpoints/a/state.json': '{' })],
    [
      'another format',
      zip({
        ...experiment,
        'checkpoints/a/SHA256SUMS': `${sha256('{"format":9}')}  state.json\n`,
        'checkpoints/a/state.json': '{"format":9}',
      }),
    ],
    [
      'a field missing',
      zip({
        ...experiment,
        'checkpoints/a/SHA256SUMS': `${sha256('{"format":2}')}  state.json\n`,
        'checkpoints/a/state.json': '{"format":2}',
      }),
    ],
  ])('%s', (_, file) => expectKorean(() => openRun(file, 'run.zip')));
});

test('a loss that is not a number: where it arose, and what to try', async () => {
  const experiment = parseExperiment({
    data: { name: 'points', count: 40 },
    model: { hidden: [4] },
    optimizer: { name: 'sgd', lr: 1e30 },
    training: { epochs: 5, batchSize: 8 },
  });
  await expectKorean(() => runExperiment(experiment, { data: preparePoints(experiment.data as never) }));
});

test('what it does not know stays as it is', () => {
  expect(inKorean('something else')).toBe('something else');
});

test('addresses that hold what nobody wrote', async () => {
  for (const { problems } of [mnistCodec.read(new URLSearchParams('k=!')), playgroundCodec.read(new URLSearchParams('d=shape%3Down&p=!'))])
    await expectKorean(() => {
      throw new Error(problems.at(-1)!.wanted);
    });
});

test('each form has had something to say', () => {
  expect(lines.map(([form]) => form.source).filter(source => ![...used].some(form => form.source === source))).toEqual([]);
});
