import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { licences, noteModules } from './build/licences.ts';
import { paraglideOptions } from './build/paraglide.mjs';
import { particles } from './build/particles.ts';
import { serviceWorker } from './build/service-worker.ts';
import { woff2Only } from './build/woff2-only.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const { version } = JSON.parse(readFileSync(path('../package.json'), 'utf8')) as { version: string };

/** Pages, scripts and workers by relative paths, so that any host can serve them from any folder. */
export default defineConfig({
  root: path('.'),
  base: './',
  plugins: [paraglideVitePlugin(paraglideOptions), particles(), svelte(), woff2Only(), serviceWorker(), noteModules(), licences()],
  resolve: {
    alias: [
      { find: /^chainrule$/, replacement: path('../src/index.ts') },
      { find: /^chainrule\/(.*)$/, replacement: `${path('../src')}/$1/index.ts` },
    ],
  },
  define: { CHAINRULE_VERSION: JSON.stringify(version) },
  // Names of classes are told to people: which layer, and of what kind.
  worker: { format: 'es', rolldownOptions: { output: { keepNames: true } } },
  build: {
    outDir: path('../dist/studio'),
    emptyOutDir: true,
    target: 'es2023',
    // light-dark() as it is written.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // A font or picture as a data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // The same headers as `chainrule studio` sends, for threads.
  server: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } },
});
