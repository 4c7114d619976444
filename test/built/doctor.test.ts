import { expect, test } from 'vitest';
import { library } from '../../src/backend/blas/node/testing.ts';
import { expectComplaint, place } from './command.ts';

const { run } = place();

test('doctor measures every backend and says what is here', async () => {
  const { code, out, err } = await run('doctor --json --color');
  expect([code, err]).toEqual([0, '']);
  const found = JSON.parse(out);
  expect(found).toMatchObject({
    type: 'doctor',
    node: { version: process.version, v8: process.versions.v8 },
    webAssembly: { state: 'here', available: true },
    wideVectors: { state: expect.stringMatching(/^(here|note)$/), available: found.webAssembly.simd === 'wide' },
    koffi: { state: 'here', available: true },
    mnist: { state: 'missing', available: false, hint: expect.stringContaining('chainrule datasets get mnist') },
    output: { isTerminal: false, unicode: true },
  });
  const names = found.speeds.map(({ backend }: { backend: string }) => backend);
  expect(new Set(names)).toEqual(new Set(library === null ? ['wasm', 'reference'] : ['wasm', 'blas', 'reference']));
  // In nanoseconds or flops instead of GFLOPS it would be off by powers of ten: plain TypeScript is slower than vectors on any machine.
  const speed = (name: string): number => found.speeds.find(({ backend }: { backend: string }) => backend === name).gflops;
  expect(speed('reference')).toBeGreaterThan(0.001);
  expect(speed('wasm')).toBeGreaterThan(speed('reference'));
  expect(speed('wasm')).toBeLessThan(1000);
  if (library !== null) expect(found.blas).toMatchObject({ state: 'here', kind: library.kind, path: library.path });
});

test('doctor names a library that is no library, and how to get one', async () => {
  const { code, out } = await run('doctor', { env: { CHAINRULE_BLAS: '/nowhere/libblas.so' } });
  expect(code).toBe(0);
  expect(out).toMatch(/✗ BLAS +CHAINRULE_BLAS=\/nowhere\/libblas.so does not load/);
  expect(out).toMatch(/install|conda/);
  expect(out).toMatch(/^backend +threads +product of +GFLOPS$/m);
  expect(out).not.toMatch(/^blas /m);
});

test('CHAINRULE_SIMD names a build of the kernels, and no other word is taken', async () => {
  const { code, out } = await run('doctor --json', { env: { CHAINRULE_SIMD: 'plain' } });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ webAssembly: { simd: 'plain' }, wideVectors: { state: 'note', available: false } });
  const refused = await run('train digits --limit 100 --epochs 1', { env: { CHAINRULE_SIMD: 'avx' } });
  expectComplaint(refused, 1, /CHAINRULE_SIMD is avx; it must be one of relaxed, wide, plain/);
});

test('a backend that cannot be had is refused with how to get it', async () => {
  const command = 'train digits --limit 100 --epochs 1 --backend blas';
  const env = { CHAINRULE_BLAS: '/nowhere/libblas.so' };
  expectComplaint(await run(command, { env }), 1, /CHAINRULE_BLAS=\/nowhere\/libblas\.so does not load/);
  expectComplaint(await run('train digits --backend gpu'), 2, /--backend: gpu was given; it must be one of auto, wasm, blas, reference/);
});

test.skipIf(library === null)('training on BLAS keeps its name, version and file in the run', async () => {
  const { code, out } = await run('train digits --limit 200 --epochs 1 --hidden 32 --backend blas --json --out on-blas');
  expect(code).toBe(0);
  const begin = out.split('\n').find(line => line.includes('"trainBegin"'))!;
  const { backend } = JSON.parse(begin);
  expect(backend).toMatchObject({ name: 'blas', library: library!.path, deterministic: false });
  expect(backend.blas).toContain(library!.kind);
  const restored = await run('evaluate on-blas');
  expect(restored.code).toBe(0);
});
