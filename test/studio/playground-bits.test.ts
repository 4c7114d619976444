/** What is trained in the page, shared by its address and run by the command line ends in the same bits. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { studio } from './harness.ts';

const { open } = studio();
const folder = mkdtempSync(join(tmpdir(), 'chainrule-bits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command from the sources as they are now, in a place of its own. */
beforeAll(async () => {
  const build = await rolldown({
    input: fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
    platform: 'node',
    external: [/^node:/, 'koffi'],
    transform: { define: { CHAINRULE_VERSION: '"test"' } },
    logLevel: 'silent',
  });
  await build.write({ dir: join(folder, 'cli'), format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
  await build.close();
}, 60_000);

async function playedToTheEnd(page: Page): Promise<string> {
  await page.locator('[data-fingerprint]').waitFor({ timeout: 90_000 });
  await page.keyboard.press('k');
  await page.getByText(/^(Done: all epochs|Stopped early)/).waitFor({ timeout: 90_000 });
  const step = /^Step (\d+)/.exec(await page.locator('.where').innerText())![1];
  await page.getByText(`at step ${step}:`).waitFor();
  return (await page.locator('[data-fingerprint]').getAttribute('data-fingerprint'))!;
}

const own = 'd=shape=own~validation=0.2~test=0&p=AfQB9AAD6P8GAAXcA-gAAyAF3AAH0ADIAP4M_gwB_BgA-gH6JPwYAfzg-iQB-DD_OAE';

test.each([
  ['what one begins with', '#/playground'],
  [
    'nearly everything there is',
    '#/playground?d=shape=moons~points-noise=0.3~count=200&r1=hidden=8,6~activation=gelu,tanh~batch-norm=before~dropout=0.1~noise=0.1~init=heNormal~optimizer=sgd~lr=0.2~momentum=0.9~nesterov~schedule=cosine~l2=0.0003~clip-norm=1~averaging=ema~averaging-decay=0.95~early-stopping~patience=9~epochs=60~seed=23',
  ],
  ['values', '#/playground?d=shape=hills&r1=hidden=8~loss=huber~optimizer=rmsprop~lr=0.01~epochs=20~seed=4'],
  ['points drawn by hand', `#/playground?${own}&r1=hidden=4~epochs=30~batch-size=2~drop-connect=0.2`],
])('%s', async (_, hash) => {
  const page = await open(hash);
  const trained = await playedToTheEnd(page);
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog');
  const shared = (await dialog.getByRole('group', { name: 'Address' }).textContent())!;
  const command = (await dialog.getByRole('group', { name: 'As a command' }).textContent())!;
  expect(await dialog.getByRole('group', { name: 'As TypeScript' }).textContent()).toContain('await fit(model, {');

  const another = await open(new URL(shared).hash);
  expect(await playedToTheEnd(another)).toBe(trained);

  expect(command).toMatch(/^npx chainrule train points/);
  const out = join(folder, `run-${createHash('sha256').update(hash).digest('hex').slice(0, 8)}`);
  const line = `${command.replace('npx chainrule', `'${process.execPath}' '${join(folder, 'cli', 'main.mjs')}'`)} --quiet --out '${out}'`;
  execFileSync('sh', ['-c', line], { cwd: folder, stdio: 'pipe' });
  const latest = readFileSync(join(out, 'checkpoints', 'latest'), 'utf8').trim();
  const weights = readFileSync(join(out, 'checkpoints', latest, 'model.safetensors'));
  expect(createHash('sha256').update(weights).digest('hex')).toBe(trained);
});

test('a worker that dies is replaced, and the run goes on to the same bits', async () => {
  const hash = '#/playground?r1=hidden=6~dropout=0.2~epochs=12&speed=100';
  const expected = await playedToTheEnd(await open(hash.replace('&speed=100', '')));
  const page = await open(hash);
  await page.locator('[data-fingerprint]').waitFor({ timeout: 90_000 });
  await page.keyboard.press('k');
  await expect.poll(async () => Number(/^Step (\d+)/.exec(await page.locator('.where').innerText())![1])).toBeGreaterThan(20);
  await page.workers()[0].evaluate(() => {
    setTimeout(() => {
      throw new Error('out of memory, say');
    });
  });
  await page
    .getByText(/The training worker ended \(.*out of memory, say.*\)\. A new one went on from step \d+; nothing was lost\./)
    .waitFor();
  await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
  await page.getByText('at step 180:').waitFor();
  expect(await page.locator('[data-fingerprint]').getAttribute('data-fingerprint')).toBe(expected);
});
