import type { Plugin } from 'vite';

/** KaTeX names each font in three formats; every browser that runs the studio reads the first. */
export function woff2Only(): Plugin {
  return {
    name: 'woff2-only',
    enforce: 'pre',
    transform: {
      filter: { id: /katex.*\.css$/ },
      handler: code => ({ code: code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(["']?\w+["']?\)/g, ''), map: null }),
    },
  };
}
