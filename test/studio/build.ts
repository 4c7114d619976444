import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import type { TestProject } from 'vitest/node';
import { studioServer } from '../../src/cli/studio/server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the built studio is served by the server of `chainrule studio`. */
    studioUrl: string;
    /** Where Chromium listens. */
    chromiumEndpoint: string;
  }
}

/** Builds the studio as it is now, serves it, and starts one browser for all of these tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  if (!existsSync(`${root}/src/backend/wasm/module.gen.ts`))
    execFileSync('node', ['scripts/build-kernels.mjs'], { cwd: root, stdio: 'inherit' });
  execFileSync('node', ['scripts/build-studio.mjs'], { cwd: root, stdio: 'inherit' });
  const server = studioServer(`${root}/dist/studio`);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launchServer({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  project.provide('studioUrl', `http://localhost:${(server.address() as AddressInfo).port}/`);
  project.provide('chromiumEndpoint', browser.wsEndpoint());
  return async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
  };
}
