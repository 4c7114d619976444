/** Every reader of what a person may hand in, with inputs that are valid, and what must hold of a result. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { readCsv } from '../../src/data/csv.ts';
import { gunzip } from '../../src/data/gzip.ts';
import { encodeIdx, parseIdx } from '../../src/data/idx.ts';
import { tableDataset, tableRows } from '../../src/data/table.ts';
import { UserError } from '../../src/errors.ts';
import { parseExperiment } from '../../src/experiment/schema.ts';
import { explain } from '../../src/explain/explain.ts';
import { parse } from '../../src/explain/syntax.ts';
import { decodeNpy, encodeNpy, type NpyArray } from '../../src/io/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/io/npz.ts';
import { decodeParquet } from '../../src/io/parquet.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/io/safetensors.ts';
import { zip } from '../../src/io/zip.ts';
import type { Stream } from '../../src/random.ts';
import type { CheckpointState } from '../../src/train/checkpoint.ts';
import { SUMS } from '../../src/train/checkpoint-format.ts';
import { checkpointFiles, decodeCheckpoint } from '../../src/train/node/checkpoint-files.ts';
import type { Target } from './fuzz.ts';
import { mutateBytes, mutateJson, mutateText } from './mutate.ts';

const golden = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../golden/${name}`, import.meta.url)));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const asBytes = (data: ArrayBufferView): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** The changed parts go back into a whole whose lengths and sums are right: so that changes get past the first check. */
const now = (stream: Stream, oneIn: number): boolean => stream.int(oneIn) === 0;

// ---- IDX

const idxSamples = [
  encodeIdx(
    Uint8Array.from({ length: 24 }, (_, i) => i * 9),
    [2, 3, 4],
  ),
  encodeIdx(Uint8Array.of(1, 2, 3), [3]),
  encodeIdx(Float64Array.of(0.1, -0), [1, 2]),
  encodeIdx(Int16Array.of(-1, 300), [2, 1]),
  encodeIdx(new Float32Array(0), [0, 28, 28]),
];

const idx: Target<Uint8Array> = {
  name: 'idx',
  make: stream => mutateBytes(stream, idxSamples),
  read(bytes) {
    const { shape, data } = parseIdx(bytes, 'x');
    assert.equal(data.length, sizeOf(shape));
    const again = parseIdx(encodeIdx(data, shape), 'again');
    assert.deepEqual(again.shape, shape);
    assert.ok(asBytes(again.data).equals(asBytes(data)));
  },
};

// ---- gzip

const unzipped = idxSamples.map(bytes => Buffer.from(bytes));
const gzipSamples = [
  ...idxSamples.map(bytes => new Uint8Array(gzipSync(bytes))),
  new Uint8Array(gzipSync(new Uint8Array(5000), { level: 9 })),
];
unzipped.push(Buffer.alloc(5000));

const gzip: Target<Uint8Array> = {
  name: 'gzip',
  make: stream => mutateBytes(stream, gzipSamples),
  async read(bytes) {
    const content = Buffer.from(await gunzip(bytes, 'x', 1_000_000));
    // Its CRC holds: a changed content must not pass. Several members one after another are one file, says RFC 1952.
    const whole = (rest: Buffer): boolean =>
      rest.length === 0 ||
      unzipped.some(one => one.length > 0 && rest.subarray(0, one.length).equals(one) && whole(rest.subarray(one.length)));
    assert.ok(whole(content), 'content that was never compressed was accepted');
  },
  budget: bytes => 1_500_000 + 2000 * bytes,
};

// ---- CSV

const csvSamples = [
  'length,colour,width,species\n1,red,10,setosa\n2,blue,20,virginica\n\n3,red,30.5,setosa\n',
  'a;b;y\r\n1;2;0.5\r\n"3";"4";1.5\r\n5;;2.5\r\n',
  '\ufeff"a, b",y\n1,"say ""x"""\n2,"two\nlines"\n',
  'x\ty\n1e3\tyes\n-2.5e-3\tno\nNA\tyes\n',
  '1,2,3\n4,5,6\n7,8,9\n',
];
const missing = ['error', 'drop', 'mean'] as const;

interface CsvInput {
  readonly text: string;
  readonly missing: (typeof missing)[number];
  readonly header: boolean;
}

const csv: Target<CsvInput> = {
  name: 'csv',
  make: stream => ({
    text: now(stream, 5)
      ? text(
          mutateBytes(
            stream,
            csvSamples.map(sample => new TextEncoder().encode(sample)),
          ),
        )
      : mutateText(stream, csvSamples),
    missing: missing[stream.int(3)],
    header: stream.int(4) > 0,
  }),
  read({ text: given, missing: policy, header }) {
    const table = readCsv(given, { source: 'x', header });
    const { dataset, schema } = tableDataset(table, { missing: policy });
    const width = dataset.featureShape[0];
    for (let i = 0; i < dataset.length; i++) {
      const row = dataset.raw(i);
      assert.equal(row.length, width);
      for (const value of row) assert.ok(Number.isFinite(value) || (policy === 'mean' && Number.isNaN(value)), `a feature is ${value}`);
      const target = dataset.target(i);
      assert.ok(
        dataset.targetKind === 'value' ? Number.isFinite(target) : target >= 0 && target < dataset.classNames.length,
        `a target is ${target}`,
      );
    }
    // Predicted on with the schema of training, the same rows are the same numbers. Rows without a label are then no longer left out.
    const again = tableRows(readCsv(given, { source: 'x', header }), JSON.parse(JSON.stringify(schema)), policy);
    if (again.length === dataset.length * width)
      for (let i = 0; i < dataset.length; i++) assert.deepEqual(again.subarray(i * width, (i + 1) * width), dataset.raw(i));
    else assert.ok(again.length > dataset.length * width);
  },
};

// ---- npy and npz

const npySamples = [
  encodeNpy(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
  encodeNpy(Uint8Array.of(7), []),
  encodeNpy(BigInt64Array.of(1n, -1n), [2, 1]),
  encodeNpy(new Float64Array(0), [0, 4]),
  ...['numpy/cube_F.npy', 'numpy/version2.npy', 'numpy/version3.npy', 'numpy/structured.npy', 'numpy/text.npy', 'numpy/complex.npy'].map(
    golden,
  ),
];
const npyHeaders = [
  "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
  '{"descr": "|u1", "fortran_order": True, "shape": (3L,)}',
  "{'shape': (), 'descr': '>f8', 'fortran_order': False}",
];

function npyOf(header: string, data: number): Uint8Array {
  const encoded = new TextEncoder().encode(header);
  const bytes = new Uint8Array(12 + encoded.length + data);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 3, 0]);
  new DataView(bytes.buffer).setUint32(8, encoded.length, true);
  bytes.set(encoded, 12);
  return bytes;
}

function checkNpy({ shape, data }: NpyArray): void {
  assert.equal(data.length, sizeOf(shape));
  const again = decodeNpy(encodeNpy(data, shape), 'again');
  assert.deepEqual(again.shape, shape);
  assert.ok(asBytes(again.data).equals(asBytes(data)));
}

const npy: Target<Uint8Array> = {
  name: 'npy',
  make: stream =>
    now(stream, 2)
      ? mutateBytes(stream, npySamples)
      : npyOf(mutateText(stream, npyHeaders, ["'<f4'", "'|O'", 'True', '(1,)', 'shape']), stream.int(40)),
  read: bytes => checkNpy(decodeNpy(bytes, 'x')),
};

const npzArrays = npySamples.slice(0, 3).map(bytes => decodeNpy(bytes, 'sample'));
const npzSamples = [
  encodeNpz(
    new Map([
      ['x', npzArrays[0]],
      ['y', npzArrays[1]],
    ]),
  ),
  encodeNpz(new Map([['a', npzArrays[2]]]), { compress: false }),
  golden('numpy/stored.npz'),
];
const inSamples = new Set(
  npzSamples.flatMap(bytes =>
    [...decodeNpz(bytes, 'sample').values()].map(({ shape, data }) => `${shape}: ${asBytes(data).toString('hex')}`),
  ),
);

const npz: Target<{ readonly bytes: Uint8Array; readonly raw: boolean }> = {
  name: 'npz',
  make: stream =>
    now(stream, 2)
      ? { bytes: mutateBytes(stream, npzSamples), raw: true }
      : {
          bytes: zip(
            new Map([
              ['x.npy', npy.make(stream)],
              ['y.npy', npySamples[1]],
            ]),
            { compress: now(stream, 2) },
          ),
          raw: false,
        },
  read({ bytes, raw }) {
    for (const array of decodeNpz(bytes, 'x').values()) {
      checkNpy(array);
      if (raw)
        assert.ok(inSamples.has(`${array.shape}: ${asBytes(array.data).toString('hex')}`), 'an array that was never written was accepted');
    }
  },
  budget: () => 3_000_000,
};

// ---- safetensors

const tensors = new Map<string, StoredTensor>([
  ['0.weight', { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ['0.bias', { shape: [2], values: Float64Array.of(0.1, -0.1) }],
  ['n', { shape: [], values: Float32Array.of(3) }],
]);
const safetensorsSamples = [
  encodeSafetensors(tensors, { format: 'pt' }),
  ...['weights', 'half', 'whole'].map(name => golden(`${name}.safetensors`)),
];
const safetensorsHeaders = safetensorsSamples.map(bytes =>
  text(bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)))),
);

/** A file of a changed header, with its right length, before the data of a sample. */
function safetensorsOf(stream: Stream): Uint8Array {
  const which = stream.int(safetensorsSamples.length);
  const header = now(stream, 2)
    ? (JSON.stringify(mutateJson(stream, [JSON.parse(safetensorsHeaders[which])])) ?? '')
    : mutateText(
        stream,
        [safetensorsHeaders[which]],
        ['"F32"', '"F64"', '"I8"', '"shape"', '"data_offsets"', '"__metadata__"', '18446744073709551615'],
      );
  const sample = safetensorsSamples[which];
  const encoded = new TextEncoder().encode(header);
  const data = sample.subarray(8 + new TextEncoder().encode(safetensorsHeaders[which]).length);
  const bytes = new Uint8Array(8 + encoded.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  bytes.set(data, 8 + encoded.length);
  return bytes;
}

const safetensors: Target<Uint8Array> = {
  name: 'safetensors',
  make: stream => (now(stream, 2) ? mutateBytes(stream, safetensorsSamples) : safetensorsOf(stream)),
  read(bytes) {
    const { tensors: read, metadata } = decodeSafetensors(bytes, 'x');
    for (const { shape, values } of read.values()) assert.equal(values.length, sizeOf(shape));
    const again = decodeSafetensors(encodeSafetensors(read, metadata), 'again');
    assert.deepEqual(new Set(again.tensors.keys()), new Set(read.keys()));
    for (const [name, { shape, values }] of read) {
      assert.deepEqual(again.tensors.get(name)!.shape, shape);
      assert.ok(asBytes(again.tensors.get(name)!.values).equals(asBytes(values)));
    }
    assert.deepEqual({ ...again.metadata }, { ...metadata });
  },
};

// ---- parquet

const parquetSamples = ['none', 'snappy', 'gzip', 'dates', 'lists'].map(name => golden(`tables/${name}.parquet`));

const parquet: Target<Uint8Array> = {
  name: 'parquet',
  make: stream => mutateBytes(stream, parquetSamples),
  read(bytes) {
    const { names, rows, lines } = decodeParquet(bytes, 'x');
    assert.equal(lines.length, rows.length);
    assert.equal(new Set(names).size, names.length);
    for (const row of rows) {
      assert.equal(row.length, names.length);
      for (const cell of row) assert.equal(typeof cell, 'string');
    }
  },
  budget: bytes => 1_000_000 + 2000 * bytes,
};

// ---- checkpoints

const state: CheckpointState = {
  format: 2,
  epoch: 2,
  globalStep: 430,
  loader: { epoch: 3, position: 64 },
  running: { samples: 64, sums: { loss: 1.5 } },
  random: { seed: 7, streams: {} } as unknown as CheckpointState['random'],
  optimizer: { step: 3, groups: [{ lr: 0.1 }] },
  scheduler: null,
  callbacks: { earlyStopping: { best: 0.5, wait: 1 } },
  history: [{ loss: 1 }, { loss: 0.5, val_loss: 0.6 }],
  stopping: null,
};
const checkpoint = { state, model: tensors, optimizer: new Map([['0.m', tensors.get('n')!]]), callbacks: new Map<string, StoredTensor>() };
const files = new Map(
  Object.entries(checkpointFiles(checkpoint)).map(([name, content]) => [
    name,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  ]),
);
const fileNames = [...files.keys()];

interface CheckpointInput {
  readonly file: string;
  readonly content: string;
  /** The content was changed by someone who also wrote the hashes anew. */
  readonly signed: boolean;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const checkpoints: Target<CheckpointInput> = {
  name: 'checkpoint',
  make(stream) {
    const file = fileNames[stream.int(fileNames.length)];
    const isState = file === 'state.json';
    if (isState && now(stream, 2)) {
      const json = mutateJson(stream, [JSON.parse(text(files.get(file)!))]);
      return { file, content: base64(new TextEncoder().encode(JSON.stringify(json) ?? '')), signed: true };
    }
    return { file, content: base64(mutateBytes(stream, [files.get(file)!])), signed: false };
  },
  read({ file, content, signed }) {
    const given = Buffer.from(content, 'base64');
    const all = new Map<string, Uint8Array>(files).set(file, given);
    if (signed)
      all.set(
        SUMS,
        new TextEncoder().encode([...all].map(([name, bytes]) => (name === SUMS ? '' : `${sha256(bytes)}  ${name}\n`)).join('')),
      );
    const read = decodeCheckpoint(all, 'x');
    for (const [name, { shape, values }] of tensors) {
      assert.deepEqual(read.model.get(name)?.shape, shape);
      assert.ok(asBytes((read.model.get(name) as StoredTensor).values).equals(asBytes(values)), `${name} was changed, and accepted`);
    }
    // Lines of SHA256SUMS for files that are not there say nothing of those that are.
    if (!signed && file !== SUMS) assert.ok(given.equals(files.get(file)!), `a changed ${file} was accepted`);
    if (!signed) assert.deepEqual(read.state, state);
    assert.ok(Number.isSafeInteger(read.state.epoch) && Array.isArray(read.state.history));
  },
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

// ---- experiments

const experiments: readonly unknown[] = [
  {},
  { data: { name: 'csv', file: 'a.csv', label: 'y' }, model: { hidden: [4], activation: ['relu'] } },
  {
    data: {
      name: 'points',
      shape: 'own',
      points: [
        [0, 0, 0],
        [1, 1, 1],
      ],
    },
  },
  { data: { name: 'npz', file: 'a.npz' }, optimizer: { name: 'lbfgs' } },
  {
    schedule: { name: 'sequence', parts: [{ name: 'warmup', length: 5 }, { name: 'cosine' }] },
    tasks: [{ name: 'even', groups: [[0], [1]] }],
  },
].map((json, i) => (i < 4 ? parseExperiment(json) : json));
const experimentTexts = experiments.map(json => JSON.stringify(json));

const config: Target<string> = {
  name: 'config',
  make: stream =>
    now(stream, 4)
      ? mutateText(stream, experimentTexts, ['"name"', '"sgd"', '"data"', '{}', '[]'])
      : (JSON.stringify(mutateJson(stream, experiments)) ?? 'null'),
  read(given) {
    let json: unknown;
    try {
      json = JSON.parse(given);
    } catch (error) {
      throw new UserError((error as Error).message); // as the command says it
    }
    const experiment = parseExperiment(json);
    assert.deepEqual(parseExperiment(JSON.parse(JSON.stringify(experiment))), experiment);
  },
};

// ---- expressions

const expressions = [
  'sigmoid(w1*x1 + w2*x2 + b)',
  'h = relu(w*x); h^2 - -3e-2/h',
  '2^3^-x',
  'a = x*y\nb = a + a\nmax(a, b)',
  'ln(1 + exp(-(x)))',
  'pi*r^2',
];

const expression: Target<string> = {
  name: 'expression',
  make: stream => mutateText(stream, expressions, ['sigmoid(', 'relu', 'x', 'y', 'pi', '2.5', 'max(', '((((((((', 'x = ']),
  read(source) {
    const program = parse(source);
    assert.equal(new Set(program.variables).size, program.variables.length);
    assert.deepEqual(parse(program.source), program);
    // A program that is read is computed, forward and back.
    const { value } = explain(source, {
      values: Object.fromEntries(program.variables.map((name, i) => [name, 0.5 + i / 7])),
    }) as unknown as { value: unknown };
    assert.equal(typeof value, 'number');
  },
};

export const targets: readonly Target[] = [
  idx,
  gzip,
  csv,
  npy,
  npz,
  safetensors,
  parquet,
  checkpoints,
  config,
  expression,
] as readonly Target[];
