// Builds the studio into dist/studio: a page that any host can serve, from any folder.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));
await rm(path('../dist/studio'), { recursive: true, force: true });
process.env.NODE_ENV = 'production';
await build({ configFile: path('../studio/vite.config.ts'), root: path('../studio'), logLevel: 'warn' });
console.log('studio: built');
