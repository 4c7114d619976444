// Compiles kernels/ twice, with fused multiply-add (relaxed SIMD) and without, and writes both as base64 into src/backend/wasm/module.gen.ts.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const builds = { relaxed: ['--enable', 'relaxed-simd'], plain: [] };

/** Addresses below this hold constants of formulas; the heap begins there. Kept equal to HEAP_START in src/backend/wasm/allocator.ts. */
const HEAP_START = 4096;

async function compile(name, features) {
  const outFile = `kernels/build/${name}.wasm`;
  const { error, stderr } = await asc.main(
    [
      'kernels/index.ts',
      '--outFile',
      outFile,
      '-O3',
      '--shrinkLevel',
      '1',
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--noExportMemory',
      '--initialMemory',
      '1',
      '--memoryBase',
      '1024',
      '--lowMemoryLimit',
      String(HEAP_START),
      '--enable',
      'simd',
      ...features,
    ],
    { readFile: readText, writeFile: writeBytes, listFiles: () => [] },
  );
  if (error) throw new Error(`kernels (${name}) do not compile:\n${stderr.toString()}`);
  return readFile(new URL(outFile, `file://${root}`));
}

function readText(name, base) {
  return readFile(`${root}/${base === '.' ? '' : base}/${name}`, 'utf8').catch(() => null);
}

async function writeBytes(name, contents) {
  await writeFile(`${root}/${name}`, contents);
}

await mkdir(`${root}/kernels/build`, { recursive: true });
const names = Object.keys(builds);
const modules = await Promise.all(names.map(name => compile(name, builds[name])));
const lines = ['// Written by scripts/build-kernels.mjs; do not edit.'];
names.forEach((name, i) => {
  lines.push(`/** ${modules[i].length} bytes */`, `export const ${name}: string =\n  '${modules[i].toString('base64')}';`);
  console.log(`kernels, ${name}: ${modules[i].length} bytes`);
});
await writeFile(`${root}/src/backend/wasm/module.gen.ts`, `${lines.join('\n')}\n`);
