// The tests of everything that computes, with vectors joined into 256 bits (docs/design/wide.md) and every kernel compiled for speed from its first call, under
// each version of Node in which that is done. `npm run test:wide [24 26]`. Versions come from the npm package `node`, into a temporary folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['24', '26'];
const cwd = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(cwd, 'node_modules', 'vitest', 'vitest.mjs');
const what = [
  'src/backend',
  'src/tensor',
  'src/ops',
  'src/nn',
  'src/loss',
  'src/optim',
  'src/train',
  'test/golden',
  'test/threads',
  'test/ops',
  'test/wide',
];
const flags = ['--execArgv=--no-liftoff', '--execArgv=--no-wasm-lazy-compilation'];

for (const version of versions) {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-wide-'));
  try {
    execFileSync('npm', ['install', '--no-save', '--prefix', folder, `node@${version}`], { stdio: 'ignore' });
    const node = join(folder, 'node_modules', '.bin', 'node');
    console.log(execFileSync(node, ['-p', "process.version + ', V8 ' + process.versions.v8"], { encoding: 'utf8' }).trim());
    execFileSync(node, [vitest, 'run', '--project', 'node', ...flags, ...what], {
      stdio: 'inherit',
      cwd,
      env: { ...process.env, CHAINRULE_SIMD: 'wide' },
    });
  } catch (error) {
    if (error.status === undefined) throw error;
    process.exit(1); // the tests have said why
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
