import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/browser/**', '**/*.slow.test.ts'],
          environment: 'node',
          testTimeout: 30_000,
        },
      },
    ],
  },
});

export default config;
