import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Builds dist/ from the sources as they are now, before the first test that uses it. The kernels are compiled where that was never done. */
export default function setup(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  if (!existsSync(`${root}/src/backend/wasm/module.gen.ts`))
    execFileSync('node', ['scripts/build-kernels.mjs'], { cwd: root, stdio: 'inherit' });
  execFileSync('node', ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
}
