import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../studio/messages', import.meta.url));
const files = readdirSync(join(folder, 'en'));
const source = fileURLToPath(new URL('../studio/src', import.meta.url));

function read(language: 'en' | 'ko', file: string): Record<string, string> {
  const { $schema: _, ...messages } = JSON.parse(readFileSync(join(folder, language, file), 'utf8'));
  return messages;
}

/** Messages that are the same in both languages: names, and signs. Only what is in use. */
const SAME: readonly string[] = [
  'play_shape_xor',
  'play_legend_zero',
  'play_eps',
  'play_amsgrad',
  'play_rho',
  'play_loss_huber',
  'play_l1',
  'play_l2',
];

/** What a message is filled with. */
function places(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map(match => match[1]).sort();
}

test('there are messages in both languages', () => {
  expect(readdirSync(join(folder, 'ko'))).toEqual(files);
  expect(files).toContain('shell.json');
});

describe.each(files)('%s', file => {
  const [en, ko] = [read('en', file), read('ko', file)];

  test('has every key in both languages, in the same order', () => {
    expect(Object.keys(ko)).toEqual(Object.keys(en));
  });

  test('leaves nothing untranslated', () => {
    expect(Object.keys(en).filter(key => ko[key] === en[key] && !SAME.includes(key))).toEqual([]);
    const withoutHangul = Object.keys(ko).filter(key => !/\p{Script=Hangul}/u.test(ko[key]) && !SAME.includes(key));
    expect(withoutHangul).toEqual([]);
    expect(Object.keys(en).filter(key => /\p{Script=Hangul}/u.test(en[key]))).toEqual([]);
  });

  test('is filled with the same in both', () => {
    expect(Object.keys(en).filter(key => String(places(en[key])) !== String(places(ko[key])))).toEqual([]);
  });
});

test('every message is used', () => {
  const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(svelte|ts)$/.test(name) && !name.includes('paraglide'))
    .map(name => readFileSync(join(source, name), 'utf8'))
    .join('\n');
  const keys = files.flatMap(file => Object.keys(read('en', file)));
  expect(keys.filter(key => !new RegExp(`\\b${key}\\b`).test(code))).toEqual([]);
  expect(SAME.filter(key => !keys.includes(key))).toEqual([]);
});
