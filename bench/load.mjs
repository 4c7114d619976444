// Imports a TypeScript file of this repository in a Node that cannot run it as it is: bundled to a temporary file first.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'rolldown';

/** @param {string} path from the repository's root, such as `src/index.ts` */
export async function load(path) {
  const folder = await mkdtemp(join(tmpdir(), 'chainrule-bench-'));
  try {
    const file = join(folder, 'bundle.mjs');
    await build({
      input: fileURLToPath(new URL(`../${path}`, import.meta.url)),
      platform: 'node',
      logLevel: 'warn',
      output: { file, codeSplitting: false },
    });
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
