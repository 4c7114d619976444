import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anywhere } from '../../scripts/entries.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A built file with all that it imports, directly or not, dynamically too; or only with what is loaded with it at once. */
function closure(path: string, { atOnce = false } = {}, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = read(path);
  const onDemand = new Set(atOnce ? dynamicImportsIn(text) : []);
  for (const name of importsIn(text)) if (name.startsWith('.') && !onDemand.has(name)) closure(join(dirname(path), name), { atOnce }, seen);
  return seen;
}

const dynamicImportsIn = (text: string): string[] => [...text.matchAll(/\bimport\(["'`]([^"'`]+)["'`]\)/g)].map(match => match[1]);

function importsIn(text: string): string[] {
  // Built files are one line: an import may follow a semicolon, and name its module between backticks.
  return [...text.matchAll(/(?:^|[\n;])(?:import|export)\b[^;'"`]*?["'`]([^"'`]+)["'`]|\bimport\(["'`]([^"'`]+)["'`]\)/g)].map(
    match => match[1] ?? match[2],
  );
}

test('every entry is built and exported, and nothing else is', () => {
  const exported = Object.keys(manifest.exports).filter(name => name !== './package.json');
  const names = [...Object.keys(anywhere), 'node'].map(name => (name === 'index' ? '.' : `./${name}`));
  expect(exported.sort()).toEqual(names.sort());
  for (const [name, { types, default: path }] of Object.entries<{ types: string; default: string }>(manifest.exports)) {
    if (name === './package.json') continue;
    expect(read(types).length, types).toBeGreaterThan(0);
    expect(read(path).length, path).toBeGreaterThan(0);
  }
  expect(manifest.bin).toEqual({ chainrule: './dist/cli.js' });
  expect(read('dist/cli.js')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('what runs anywhere imports nothing from Node, and no library', () => {
  for (const name of Object.keys(anywhere)) {
    for (const path of closure(`dist/${name}.js`)) {
      expect(
        importsIn(read(path)).filter(one => !one.startsWith('.')),
        path,
      ).toEqual([]);
    }
  }
});

test('nothing has to be installed besides, and nothing runs at install', () => {
  expect(manifest.dependencies).toBeUndefined();
  for (const script of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts[script]).toBeUndefined();
  for (const path of closure('dist/cli.js')) {
    const libraries = importsIn(read(path)).filter(one => !one.startsWith('.') && !one.startsWith('node:'));
    expect(
      libraries.filter(one => !['events', 'readline'].includes(one)),
      path,
    ).toEqual([]);
  }
});

describe('packed and installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-package-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const inFolder = (command: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    expect(stdout + stderr, [command, ...args].join(' ')).toSatisfy(() => status === 0);
    return stdout;
  };
  let packed: { filename: string; size: number; files: { path: string }[] };

  beforeAll(() => {
    // The build is there; packing must not start another one.
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    mkdirSync(join(folder, 'node_modules/chainrule'), { recursive: true });
    inFolder('tar', '-xzf', packed.filename, '-C', 'node_modules/chainrule', '--strip-components=1');
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  });

  test('holds what it should, and a core below 300 kB packed', () => {
    const paths = packed.files.map(file => file.path);
    // The core: what importing any part of the library loads, with types and documents. Not what is loaded on demand (the reader of parquet), what only
    // the command loads, or the pages of the studio.
    const core = new Set([...Object.keys(anywhere), 'node'].flatMap(name => [...closure(`dist/${name}.js`, { atOnce: true })]));
    const inCore = paths.filter(path => !/^dist\/(?!types\/)/.test(path) || core.has(path));
    expect(core.size).toBeGreaterThan(20);
    expect(inCore.length).toBeLessThan(paths.length - 20);
    // Compressed as npm does it.
    inFolder('tar', '-I', 'gzip -9', '-cf', 'core.tgz', '-C', 'node_modules/chainrule', ...inCore);
    expect(statSync(join(folder, 'core.tgz')).size).toBeLessThan(300_000);
    for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'THIRD_PARTY.md', 'dist/cli.js', 'dist/index.js'])
      expect(paths).toContain(path);
    expect(paths.filter(path => !/^(dist\/|[A-Z_]+(\.md)?$|package\.json$)/.test(path))).toEqual([]);
  });

  const USE = `
import { crossEntropy, Dataset, fit, nn, optim, step, tensor, type Tensor } from 'chainrule';
import { Linear } from 'chainrule/nn';
import { parseExperiment } from 'chainrule/experiment';
import { readIdx } from 'chainrule/node';
const features = Float32Array.from({ length: 80 }, (_, i) => Math.sin(i));
const train = Dataset.from({ features, targets: Uint8Array.from({ length: 40 }, (_, i) => (features[2 * i] > 0 ? 1 : 0)), featureShape: [2] });
const model = new nn.Sequential(new Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 2));
const history = await fit(model, { train, loss: crossEntropy, optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }), epochs: 30 });
const last: number = history.epochs[29].loss;
const y: Tensor = tensor([1, 2, 3]).mul(2).sum();
console.log(last < 0.2, step(() => y.item()), parseExperiment({}).training.epochs, typeof readIdx);
`;

  test.each(['nodenext', 'bundler'])('types are found with moduleResolution %s, checked in full', resolution => {
    writeFileSync(join(folder, 'use.ts'), USE);
    const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2023',
      module,
      moduleResolution: resolution,
      skipLibCheck: false,
      types: ['node'],
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, lib: ['es2024', 'dom'] }, files: ['use.ts'] }),
    );
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    rmSync(join(folder, 'node_modules/@types/node'), { force: true });
    symlinkSync(resolve(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
    inFolder(process.execPath, resolve(root, 'node_modules/typescript/bin/tsc'), '-p', '.');
  });

  test('the code on the first screen of the README does what it says', () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(read('README.md'))!;
    writeFileSync(join(folder, 'readme.mjs'), code);
    const accuracy = /accuracy: ([\d.]+)/.exec(inFolder(process.execPath, 'readme.mjs'))!;
    expect(Number(accuracy[1])).toBeGreaterThan(0.8);
  });

  test('says what is missing, and how to get it', () => {
    const doctor = inFolder(process.execPath, 'node_modules/chainrule/dist/cli.js', 'doctor', '--json');
    expect(JSON.parse(doctor)).toMatchObject({
      koffi: { state: 'missing', hint: 'npm install koffi' },
      blas: { state: 'missing' },
      speeds: expect.not.arrayContaining([expect.objectContaining({ backend: 'blas' })]),
    });
  });

  test('trains', () => {
    // Types are taken out as a person's own compiler would.
    const script = USE.replace(/, type Tensor/, '').replace(/: (number|Tensor) =/g, ' =');
    writeFileSync(join(folder, 'use.mjs'), script);
    expect(inFolder(process.execPath, 'use.mjs')).toBe('true 12 10 function\n');
    expect(inFolder(process.execPath, 'node_modules/chainrule/dist/cli.js', '--version')).toBe(`${manifest.version}\n`);
  });
});
