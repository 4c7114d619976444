import { fileURLToPath } from 'node:url';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));

/** Messages become functions, one file each, so that a lab loads only its own. The language is the page's own state, never a cookie. */
export const paraglideOptions = {
  project: path('../project.inlang'),
  outdir: path('../src/paraglide'),
  strategy: /** @type {('globalVariable' | 'baseLocale')[]} */ (['globalVariable', 'baseLocale']),
  outputStructure: /** @type {const} */ ('message-modules'),
  emitReadme: false,
  emitPrettierIgnore: false,
};
