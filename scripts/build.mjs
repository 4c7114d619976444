// Builds dist/: the entries of entries.mjs as ES modules that share chunks, with every library they use bundled in; THIRD_PARTY.md with the licences of
// those; and the type declarations. `--no-types` leaves out the declarations.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { anywhere, nodeOnly } from './entries.mjs';
import { writeThirdParty } from './third-party.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const withTypes = !process.argv.includes('--no-types');
/** Declarations that users' types lead to, but that are nobody's to use: what backends have in common. Their comments stay in the source. */
const WITHOUT_COMMENTS = ['src/backend/kernels.d.ts'];

const version = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version;
if (!existsSync(join(root, 'src/backend/wasm/module.gen.ts'))) await run('node', ['scripts/build-kernels.mjs']);
// The studio is built apart, by its own workspace.
const old = existsSync(join(root, 'dist')) ? await readdir(join(root, 'dist')) : [];
await Promise.all(old.filter(name => name !== 'studio').map(name => rm(join(root, 'dist', name), { recursive: true, force: true })));
const [modules] = await Promise.all([bundle(), withTypes ? declarations() : undefined]);
await writeThirdParty(root, modules);

async function bundle() {
  const build = await rolldown({
    cwd: root,
    input: { ...anywhere, ...nodeOnly },
    platform: 'neutral',
    resolve: { mainFields: ['module', 'main'], conditionNames: ['import', 'default'] },
    plugins: [withoutStreams(), esmExternalRequirePlugin({ external: [/^node:/, 'events', 'readline'] })],
    transform: { define: { CHAINRULE_VERSION: JSON.stringify(version) } },
    onLog(level, log, report) {
      if (level === 'warn') throw new Error(`bundle: ${log.message}`);
      report(level, log);
    },
  });
  const { output } = await build.write({
    dir: join(root, 'dist'),
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // The package must stay small. Functions and classes keep their names: messages and stack traces say them.
    comments: false,
    minify: {
      compress: { keepNames: { function: true, class: true } },
      mangle: { keepNames: { function: true, class: true } },
      codegen: { removeWhitespace: true },
    },
    banner: chunk => (chunk.name === 'cli' ? '#!/usr/bin/env node' : ''),
  });
  await build.close();
  await chmod(join(root, 'dist/cli.js'), 0o755);
  const chunks = output.filter(one => one.type === 'chunk');
  const size = chunks.reduce((sum, chunk) => sum + chunk.code.length, 0);
  console.log(`bundle: ${chunks.length} files, ${Math.round(size / 1000)} kB`);
  return chunks.flatMap(chunk => chunk.moduleIds);
}

/** papaparse can read a Node stream, which is never asked of it here. */
function withoutStreams() {
  return {
    name: 'without-streams',
    resolveId: id => (id === 'stream' ? '\0nothing' : null),
    load: id => (id === '\0nothing' ? 'export {};' : null),
  };
}

/** tsc writes one declaration per source; what it imports by its `.ts` name is called by its `.js` name for those who use the package. */
async function declarations() {
  await run('node', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  const folder = join(root, 'dist/types');
  const files = await readdir(folder, { recursive: true });
  await Promise.all(
    files
      .filter(name => name.endsWith('.d.ts'))
      .map(async name => {
        const path = join(folder, name);
        const whole = await readFile(path, 'utf8');
        const text = WITHOUT_COMMENTS.includes(name) ? whole.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, '') : whole;
        await writeFile(path, text.replace(/((?:from|import|module)\s*\(?\s*)(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'));
      }),
  );
  console.log(`types: ${await pruneDeclarations(folder)} files`);
}

/** Removes the declarations that no entry's lead to; how many are left. */
async function pruneDeclarations(folder) {
  const reached = new Set();
  const visit = async path => {
    if (reached.has(path)) return;
    reached.add(path);
    const text = await readFile(path, 'utf8');
    const names = [...text.matchAll(/(?:from|import|module)\s*\(?\s*['"](\.[^'"]*)\.js['"]/g)].map(match => `${match[1]}.d.ts`);
    await Promise.all(names.map(name => visit(join(dirname(path), name))));
  };
  const entries = [...Object.values(anywhere), nodeOnly.node];
  await Promise.all(entries.map(path => visit(join(folder, path.replace(/\.ts$/, '.d.ts')))));
  const all = (await readdir(folder, { recursive: true })).filter(name => name.endsWith('.d.ts')).map(name => join(folder, name));
  await Promise.all(all.filter(path => !reached.has(path)).map(path => rm(path)));
  return reached.size;
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`${args[0]} ended with code ${code}`))));
  }).catch(error => {
    console.error(error.message);
    process.exit(1);
  });
}
