import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import type { Page } from 'playwright';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeStrokes } from '../../studio/src/labs/mnist/strokes.ts';
import { expectAccessible, expectNoSidewaysScroll, looks, screenshot, studio } from './harness.ts';

const { open } = studio();
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'chainrule-mnist-lab-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Small enough to be trained while a person waits. */
const SMALL = '#/mnist?e=digits-train%3D2000~validation%3D200~hidden%3D32~epochs%3D2';

async function trained(page: Page, ended = 'Done: all epochs were trained.'): Promise<void> {
  await page.getByText(ended).waitFor({ timeout: 90_000 });
}

/** A seven, as a hand draws it: a bar, and a slanted stroke down. */
async function drawSeven(page: Page): Promise<void> {
  const box = (await page.getByRole('application').boundingBox())!;
  const at = ([x, y]: readonly [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  const path = [
    [0.28, 0.24],
    [0.5, 0.23],
    [0.72, 0.24],
    [0.62, 0.45],
    [0.5, 0.66],
    [0.42, 0.84],
  ] as const;
  await page.mouse.move(...at(path[0]));
  await page.mouse.down();
  for (const point of path.slice(1)) await page.mouse.move(...at(point), { steps: 6 });
  await page.mouse.up();
}

/** The command as it is built. */
const chainrule = (...args: string[]): string =>
  execFileSync(process.execPath, [join(root, 'dist/cli.js'), ...args], { encoding: 'utf8', cwd: folder });

/** The same seven as it stands in an address. */
const SEVEN = encodeStrokes([[72, 60, 100, 59, 128, 58, 156, 59, 184, 60, 171, 87, 158, 114, 143, 141, 128, 168, 117, 191, 107, 214]]);

const readAs = (page: Page): Promise<string | null> => page.locator('tr.best th').textContent();

const figure = async (page: Page, name: string): Promise<number> =>
  Number.parseFloat((await page.locator('dt', { hasText: name }).first().locator('+ dd').textContent())!);

test('digits are trained in the page until 95 % of the training part are read rightly, and a seven drawn by mouse is read as 7', async () => {
  const page = await open('#/mnist');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await trained(page);
  await expect.poll(() => figure(page, 'Training accuracy')).toBeGreaterThan(95);
  // What it has not been trained on is harder: the digits are drawn to be so.
  expect(await figure(page, 'Validation accuracy')).toBeGreaterThan(88);
  await drawSeven(page);
  await expect.poll(() => readAs(page)).toBe('7');
  await screenshot(page, 'mnist seven');
  await page.keyboard.press('Control+z');
  await expect.poll(() => page.locator('tr.best').count()).toBe(0);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(() => readAs(page)).toBe('7');
}, 180_000);

describe('the lab', () => {
  test.each(looks)('reads well: $name', async look => {
    const page = await open(`${SMALL}&k=${SEVEN}`, look);
    await page.getByRole('application').waitFor();
    await expect.poll(() => readAs(page)).toMatch(/^\d$/);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await screenshot(page, `mnist ${look.name}`);
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await expectNoSidewaysScroll(page);
      await screenshot(page, `mnist ${look.name} ${await tab.textContent()}`);
    }
  });
});

test('by keyboard alone: train, look behind a cell of the confusion matrix, draw, and take it back', async () => {
  const page = await open(SMALL);
  await page.getByRole('application').waitFor();
  await page.keyboard.press('k');
  await trained(page);
  await page.locator('[data-cell="0 0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-cell'))).toBe('1 1');
  await page.keyboard.press('Enter');
  const behind = page.getByRole('region', { name: '1 read as 1' });
  await expect.poll(() => behind.getByRole('img').count()).toBeGreaterThan(0);
  expect(await behind.getByRole('img').first().getAttribute('aria-label')).toMatch(/^Image \d+: a 1, read as 1 with \d+ %$/);
  await page.getByRole('application').focus();
  for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect.poll(() => readAs(page)).toBe('1');
  await page.keyboard.press('Delete');
  await expect.poll(() => page.locator('tr.best').count()).toBe(0);
  await screenshot(page, 'mnist mistakes');
});

test('a run goes to the command line and comes back, with the same figures and the same bits', async () => {
  const page = await open(SMALL);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await trained(page);
  await page.locator('.print code').waitFor();
  const sha256 = await page.locator('.print code').textContent();
  const accuracy = await figure(page, 'Test accuracy');
  const download = async (name: string): Promise<Uint8Array> => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    // The browser runs as a server of its own.
    const path = join(folder, file.suggestedFilename());
    await file.saveAs(path);
    return readFileSync(path);
  };
  const files = unzipSync(await download('Save the run (.zip)'));
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const run = join(folder, Object.keys(files)[0].split('/')[0]);
  const evaluated = JSON.parse(chainrule('evaluate', run, '--json').trim().split('\n').at(-1)!);
  expect(100 * evaluated.logs.accuracy).toBeCloseTo(accuracy, 1);
  expect(JSON.parse(strFromU8(await download('Experiment (JSON)')))).toMatchObject({ data: { name: 'digits', train: 2000 } });
  expect((await download('Weights (safetensors)')).length).toBeGreaterThan(100_000);
  expect((await download('Net (ONNX)')).length).toBeGreaterThan(100_000);
  // The same run by the command has the same bits, and opens here; a reload finds it again.
  chainrule(
    'train',
    'digits',
    '--digits-train',
    '2000',
    '--validation',
    '200',
    '--hidden',
    '32',
    '--epochs',
    '2',
    '--quiet',
    '--out',
    join(folder, 'own'),
  );
  const other = await open('#/mnist');
  await other.locator('input[webkitdirectory]').setInputFiles(join(folder, 'own'));
  await other.locator('.print code').waitFor();
  expect(await other.locator('.print code').textContent()).toBe(sha256);
  await other.reload();
  await other.locator('.print code').waitFor();
  expect(await other.locator('.print code').textContent()).toBe(sha256);
}, 180_000);

test('what cannot be opened is explained beside where it was given', async () => {
  const page = await open(`${SMALL}&k=%21%21`);
  await page.getByText("In the address, 'k' is '!!'").waitFor();
  await page.locator('input[accept=".zip"]').setInputFiles({ name: 'x.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await page.getByText('x.zip: not a zip file that can be read').waitFor();
  await page.getByLabel('Data set').selectOption('mnist');
  await page.getByText('MNIST is not here yet').waitFor();
  await page
    .locator('input[multiple]')
    .setInputFiles([{ name: 'train-images-idx3-ubyte.gz', mimeType: 'application/gzip', buffer: Buffer.from('x') }]);
  await page.getByText('not all four files of MNIST').waitFor();
  await expectAccessible(page);
});

const mnist = process.env.CHAINRULE_DATA ?? join(root, '../shared/data');
const hasMnist = existsSync(join(mnist, 'mnist/train-images-idx3-ubyte.gz'));
test.skipIf(!hasMnist)(
  'MNIST is trained from files that a person chooses, and is there again after a reload',
  async () => {
    const page = await open('#/mnist?data=mnist&e=hidden%3D32~limit%3D5000~epochs%3D2');
    const names = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];
    await page.locator('input[multiple]').setInputFiles(names.map(name => join(mnist, 'mnist', `${name}.gz`)));
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await trained(page);
    expect(await figure(page, 'Test accuracy')).toBeGreaterThan(80);
    await page.reload();
    await page.getByText('The files are here').waitFor();
    await trained(page);
  },
  120_000,
);
