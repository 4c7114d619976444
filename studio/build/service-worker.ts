import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** Writes sw.js: src/service-worker.js with the list of every file of this build, and a version that changes when any of them does. */
export function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const files = Object.values(bundle)
          .map(file => ({ name: file.fileName, content: file.type === 'chunk' ? file.code : file.source }))
          .filter(({ name }) => !name.endsWith('.map'))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        const hash = createHash('sha256');
        for (const { name, content } of files) hash.update(name).update('\0').update(content);
        const template = readFileSync(fileURLToPath(new URL('../src/service-worker.js', import.meta.url)), 'utf8');
        const names = ['icon.svg', 'manifest.webmanifest', ...files.map(({ name }) => name)];
        const fill = (text: string, mark: string, value: unknown): string => {
          if (!text.includes(mark)) throw new Error(`service worker: src/service-worker.js has no ${mark} to fill in`);
          return text.replace(mark, () => JSON.stringify(value));
        };
        const source = fill(fill(template, "'VERSION'", hash.digest('hex').slice(0, 16)), "'FILES'", names);
        this.emitFile({ type: 'asset', fileName: 'sw.js', source });
      },
    },
  };
}
