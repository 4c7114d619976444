// Run by npm after an install in a clone, before packing, and once by npx in this folder: builds, unless dist/ is newer than everything it is made of.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** When the newest of the files was changed; -Infinity where there are none. */
function newest(...paths) {
  const files = paths.flatMap(path => {
    const full = join(root, path);
    const found = statSync(full, { throwIfNoEntry: false });
    if (found === undefined) return [];
    return found.isFile() ? [full] : readdirSync(full, { recursive: true }).map(name => join(full, name));
  });
  const made = /kernels.build|studio.(node_modules|src.paraglide)/;
  return Math.max(...files.filter(file => !made.test(file)).map(file => statSync(file).mtimeMs));
}

const sources = [
  'src',
  'kernels',
  'scripts',
  'studio/src',
  'studio/messages',
  'studio/build',
  'studio/index.html',
  'studio/vite.config.ts',
];
if (newest(...sources, 'package.json', 'tsconfig.json', 'tsconfig.build.json') > newest('dist')) {
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
}
