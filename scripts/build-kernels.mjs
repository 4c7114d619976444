// Compiles kernels/ three times, with fused multiply-add (relaxed SIMD), the same with wide tiles, and without, and writes all as hex digits into src/backend/wasm/module.gen.ts, with the
// script of a worker thread (kernels/worker.js) as text.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const builds = { relaxed: ['--enable', 'relaxed-simd'], wide: ['--enable', 'relaxed-simd'], plain: [] };

/** Addresses below this hold constants of formulas; the heap begins there. Kept equal to HEAP_START in src/backend/wasm/allocator.ts. */
const HEAP_START = 4096;

/** 4 GiB, all that a 32-bit memory can have. A memory that threads share must name its maximum, and then the import must too. */
const MOST_PAGES = 65536;
/** `env.memory`, a memory, with a maximum, as an import begins; the last byte is 3 where the memory is a shared one. */
const MEMORY_IMPORT = Buffer.from('\x03env\x06memory\x02\x01', 'latin1');

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
      '--maximumMemory',
      String(MOST_PAGES),
      '--memoryBase',
      '1024',
      '--lowMemoryLimit',
      String(HEAP_START),
      '--enable',
      'simd',
      '--use',
      `WIDE_BUILD=${name === 'wide' ? 1 : 0}`,
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
/** Into how many pieces each build is cut: the same place of all is then near enough for gzip to find, which looks back 32 kB. */
const PIECES = 12;
/** The builds in turns, a piece of each. Packed, hex digits take a fifth less room than base64, in which the same bytes are written in three ways. */
const pieces = Array.from({ length: PIECES }, (_, i) =>
  modules.map(({ length }, k) => modules[k].toString('hex', Math.floor((length * i) / PIECES), Math.floor((length * (i + 1)) / PIECES))),
);
const lines = ['// Written by scripts/build-kernels.mjs; do not edit.'];
lines.push(`/** Pieces of the builds ${names.join(', ')}, in turns. */`);
lines.push(
  `export const pieces: readonly string[] = [\n${pieces
    .flat()
    .map(piece => `  '${piece}',`)
    .join('\n')}\n];`,
);
const offsets = [];
names.forEach((name, i) => {
  const at = modules[i].indexOf(MEMORY_IMPORT);
  if (at < 0 || modules[i].indexOf(MEMORY_IMPORT, at + 1) >= 0)
    throw new Error(`kernels (${name}): the import of the memory was not found`);
  offsets.push(`${name}: ${at + MEMORY_IMPORT.length - 1}`);
  console.log(`kernels, ${name}: ${modules[i].length} bytes`);
});
lines.push('/** Where in each build the byte stands that says whether its memory is shared. */');
lines.push(
  `export const sharedAt: { readonly relaxed: number; readonly wide: number; readonly plain: number } = { ${offsets.join(', ')} };`,
);
const worker = (await readFile(`${root}/kernels/worker.js`, 'utf8')).replace(/^\s*(\/\/.*)?\n/gm, '');
lines.push('/** The script of a worker thread. */', `export const worker: string =\n  ${JSON.stringify(worker)};`);
await writeFile(`${root}/src/backend/wasm/module.gen.ts`, `${lines.join('\n')}\n`);
