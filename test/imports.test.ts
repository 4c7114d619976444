import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * Imports run one way. A part of src/ may read those before it in this list, and none after. Files at the top of src/ are parts by themselves.
 */
const ORDER = [
  'errors.ts',
  'figures',
  'version.ts',
  'math.ts',
  'random.ts',
  'random-distributions.ts',
  'backend',
  'tensor',
  'autograd',
  'ops',
  'nn',
  'loss',
  'optim',
  'schedule',
  'data',
  'io',
  'train',
  'experiment',
  'report',
  'explain.ts',
  'explain',
  'index.ts',
  'node.ts',
  'cli',
] as const;

/** Imports against the order, each with its reason. One that is no longer there must be taken off the list. */
const ALLOWED: readonly (readonly [from: string, to: string, reason: string])[] = [
  ['src/random.ts', 'src/backend/kernels.ts', 'a type: the key of a mask is named by the kernel interface, and made from a stream'],
  [
    'src/backend/wasm/codes.ts',
    'kernels/codes.ts',
    'the numbers by which the kernels know an element function are written once, on their side',
  ],
];

/** Libraries, and where they may be used: the core computes without any. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  valibot: ['src/experiment/'],
  papaparse: ['src/data/csv'],
  '@bufbuild/protobuf': ['src/io/onnx/', 'src/io/tensorboard/'],
  '@bufbuild/protobuf/codegenv2': ['src/io/onnx/', 'src/io/tensorboard/'],
  fflate: ['src/io/'],
  fzstd: ['src/io/parquet.ts'],
  'hyparquet/src/index.js': ['src/io/parquet.ts'],
  'hyparquet/src/column.js': ['src/io/parquet.ts'],
  'hyparquet/src/convert.js': ['src/io/parquet.ts'],
  commander: ['src/cli/'],
  'cli-progress': ['src/cli/terminal/progress.ts'],
  'fast-png': ['src/cli/png.ts', 'src/report/png.ts', 'src/io/tensorboard/'],
};

interface Import {
  readonly from: string;
  /** A path from the root, or the name of a module. */
  readonly to: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map(name => `src/${name.replaceAll('\\', '/')}`)
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'));
const imports = sources.flatMap(from => importsOf(from));

/** Static and dynamic imports, re-exports, and the modules that are added to (`declare module`). */
function importsOf(from: string): Import[] {
  const text = readFileSync(join(root, from), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const names = [
    ...text.matchAll(/^(?:import|export|\}) ?[^'"`;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)|^declare module '([^']+)'/gm),
  ];
  return names.map(match => {
    const name = match.slice(1).find(part => part !== undefined)!;
    return { from, to: name.startsWith('.') ? relative(root, normalize(join(root, dirname(from), name))).replaceAll('\\', '/') : name };
  });
}

function partOf(path: string): string {
  return path.split('/')[1];
}

const isTestHelper = (path: string): boolean => /(testing|test-modes)\.ts$/.test(path);
const write = ({ from, to }: Import): string => `${from} imports ${to}`;

describe('imports', () => {
  test('are found', () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(imports).toContainEqual({ from: 'src/ops/matmul.ts', to: 'src/autograd/op.ts' });
  });

  test('every part has a place in the order', () => {
    expect(sources.filter(name => !ORDER.includes(partOf(name) as never))).toEqual([]);
  });

  test('run one way', () => {
    const isAllowed = (one: Import): boolean => ALLOWED.some(([from, to]) => from === one.from && to === one.to);
    const local = imports.filter(one => one.to.includes('/') && /\.ts$/.test(one.to));
    const backwards = local.filter(
      one => !one.to.startsWith('src/') || ORDER.indexOf(partOf(one.to) as never) > ORDER.indexOf(partOf(one.from) as never),
    );
    expect(backwards.filter(one => !isAllowed(one)).map(write)).toEqual([]);
    expect(ALLOWED.filter(([from, to]) => !backwards.some(one => one.from === from && one.to === to))).toEqual([]);
  });

  test('reach Node only from folders named node, and from the command', () => {
    const fromNode = imports.filter(one => one.to.startsWith('node:') && !isTestHelper(one.from));
    const elsewhere = fromNode.filter(one => !/\/node\//.test(one.from) && !one.from.startsWith('src/cli/') && one.from !== 'src/node.ts');
    expect(elsewhere.map(write)).toEqual([]);
    const intoNode = imports.filter(one => /^src\/.*\/node\//.test(one.to) || one.to === 'src/node.ts');
    const byOthers = intoNode.filter(one => !/\/node\//.test(one.from) && !one.from.startsWith('src/cli/') && one.from !== 'src/node.ts');
    expect(byOthers.map(write)).toEqual([]);
  });

  test('reach libraries only where they belong', () => {
    const outside = imports.filter(one => !/\.ts$|_pb\.js$/.test(one.to) && !one.to.startsWith('node:') && !isTestHelper(one.from));
    expect(outside.filter(one => !(LIBRARIES[one.to] ?? []).some(folder => one.from.startsWith(folder))).map(write)).toEqual([]);
  });
});
