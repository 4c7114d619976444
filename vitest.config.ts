import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from 'vitest/config';

const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const hasChromium = existsSync(chromium);
if (!hasChromium) {
  console.log(
    `No browser tests in this run: there is no Chromium at ${chromium} (install Debian's package 'chromium', or set CHROMIUM_PATH).`,
  );
}

/** The library and all that can be tested from its sources. */
const node: TestProjectConfiguration = {
  // The studio's own name for the library, as in studio/vite.config.ts.
  resolve: {
    alias: [
      { find: /^chainrule$/, replacement: `${import.meta.dirname}/src/index.ts` },
      { find: /^chainrule\/([a-z]+)$/, replacement: `${import.meta.dirname}/src/$1/index.ts` },
    ],
  },
  test: {
    name: 'node',
    include: ['src/**/*.test.ts', 'studio/src/**/*.test.ts', 'test/*.test.ts', 'test/golden/*.test.ts'],
    exclude: ['**/*.slow.test.ts'],
    environment: 'node',
    setupFiles: ['test/seed.ts'],
    testTimeout: 30_000,
  },
};

/** The package as it is published and the command as it is typed: built once, before the first of these tests. */
const built: TestProjectConfiguration = {
  test: {
    name: 'built',
    include: ['test/built/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['test/built/build.ts'],
    testTimeout: 60_000,
  },
};

/** The same sources in a browser, in the folder of the project's name. */
function inBrowser(name: string, headers: Record<string, string>): TestProjectConfiguration {
  return {
    // Named beforehand: found on the way, they would reload the page in the middle of a test.
    optimizeDeps: { include: ['valibot', 'papaparse'] },
    // Two servers may not make the same folder of dependencies at the same time.
    cacheDir: `node_modules/.vite/${name}`,
    server: { headers },
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: ['test/browser/node-run.ts'],
      testTimeout: 60_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: { executablePath: chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] },
        }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}

/** Isolated, so that threads can share memory; and as a page is by itself. */
const browser = inBrowser('browser', { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' });
const browserAlone = inBrowser('browser-alone', {});

/** The studio as it is built and served, in the system's Chromium. */
const studio: TestProjectConfiguration = {
  test: {
    name: 'studio',
    include: ['test/studio/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['test/studio/build.ts'],
    // A page answers when it can; a busy machine takes its time.
    expect: { poll: { timeout: 45_000 } },
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
};

const config: ViteUserConfig = defineConfig({
  test: { projects: hasChromium ? [node, built, browser, browserAlone, studio] : [node, built] },
});

export default config;
