import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { writeThirdParty } from '../../scripts/third-party.mjs';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** What was bundled, the workers' part included; and the messages' run time, which Paraglide writes among our sources. */
const bundled = new Set([path('../../node_modules/@inlang/paraglide-js/package.json')]);

/** Notes what a bundle is made of. */
export function noteModules(): Plugin {
  return {
    name: 'note-modules',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk') for (const id of file.moduleIds) if (!id.startsWith('\0')) bundled.add(id.split('?')[0]);
      }
    },
  };
}

/** Writes THIRD_PARTY.md beside the page: the licences of all that is inside. */
export function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    async writeBundle({ dir }) {
      await writeThirdParty(dir!, [...bundled]);
    },
  };
}
