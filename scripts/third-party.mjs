// THIRD_PARTY.md: the libraries whose code is inside dist/, found from what was in fact bundled, with their licences in full.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** @param modules paths of all bundled modules */
export async function writeThirdParty(root, modules) {
  const folders = new Set(modules.filter(path => path.includes(`${sep}node_modules${sep}`)).map(packageFolder));
  const packages = await Promise.all([...folders].map(folder => describe(folder, root)));
  if (modules.some(path => path.endsWith('onnx_pb.js'))) packages.push(await onnx(root));
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

/** The messages of ONNX files: code generated from the official onnx.proto (scripts/generate-protos.mjs). */
async function onnx(root) {
  const text = `Copyright (c) ONNX Project Contributors\n\n${await apache(root)}`;
  return { name: 'onnx.proto, of ONNX', version: '1.23.2', license: 'Apache-2.0', text };
}

async function apache(root) {
  return (await readFile(join(root, 'scripts/licences/apache-2.0.txt'), 'utf8')).trim();
}

/** The licences of a package that has no file of them: Apache's, and BSD's as it stands before the code it is for. */
async function protobuf(folder, root) {
  const code = await readFile(join(folder, 'dist/esm/wire/varint.js'), 'utf8');
  const [bsd] = /^(\/\/.*\n)+/.exec(code);
  return `Copyright 2021-2025 Buf Technologies, Inc.\n\n${await apache(root)}\n\nOf the reading and writing of varints:\n\n${bsd.replace(/^\/\/ ?/gm, '').trim()}`;
}

async function describe(folder, root) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (name === '@bufbuild/protobuf' && license === '(Apache-2.0 AND BSD-3-Clause)') {
    return { name, version, license: 'Apache-2.0 and BSD-3-Clause', text: (await protobuf(folder, root)).replace(/[ \t]+$/gm, '') };
  }
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
