// THIRD_PARTY.md: the libraries whose code is inside dist/, found from what was in fact bundled, with their licences in full.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** @param modules paths of all bundled modules */
export async function writeThirdParty(root, modules) {
  const folders = new Set(modules.filter(path => path.includes(`${sep}node_modules${sep}`)).map(packageFolder));
  const packages = await Promise.all([...folders].map(describe));
  packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = [
    '# Third-party code',
    '',
    'The published files contain code of these libraries, in whole or in part. Written by `npm run build` from what was bundled.',
  ];
  for (const { name, version, license, text } of packages) {
    lines.push('', `## ${name} ${version}, ${license}`, '', '```text', text, '```');
  }
  const path = join(root, 'THIRD_PARTY.md');
  const content = `${lines.join('\n')}\n`;
  // Untouched where nothing changed, so that a build leaves the work tree clean.
  if (!existsSync(path) || (await readFile(path, 'utf8')) !== content) await writeFile(path, content);
  console.log(`third party: ${packages.map(one => one.name).join(', ')}`);
}

function packageFolder(path) {
  let folder = dirname(path);
  while (!existsSync(join(folder, 'package.json')) || dirname(folder).endsWith('dist')) folder = dirname(folder);
  return folder;
}

async function describe(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (!['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD'].includes(license)) {
    throw new Error(`${name}: its licence, ${license}, is not one that may be bundled without a look`);
  }
  const file = (await readdir(folder)).find(one => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${name}: there is no licence file to copy`);
  const text = (await readFile(join(folder, file), 'utf8'))
    .replaceAll('\r\n', '\n')
    .replace(/[ \t]+$/gm, '')
    .trim();
  return { name, version, license, text };
}
