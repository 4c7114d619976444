import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectComplaint, place } from './command.ts';

const { run, folder } = place();
const tiny = 'digits --digits-train 300 --test 100 --validation 50 --hidden 12 --quiet';
const browserPath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

beforeAll(async () => {
  await run(`train ${tiny} --epochs 2 --out runs/a --statistics 1epoch`);
  await run(`train ${tiny} --epochs 3 --seed 2 --out runs/<b>`);
  const rows = Array.from({ length: 60 }, (_, i) => `${i},${(i * 7) % 13},${i * 2.5 + 0.25}`);
  writeFileSync(join(folder, 'table.csv'), `x,z,y\n${rows.join('\n')}\n`);
  await run('train table.csv --label y --hidden 8 --epochs 3 --test 0.3 --out runs/table --quiet');
}, 60_000);

test('writes one file, again over itself, and over nothing else', async () => {
  const first = await run('report runs/a');
  expect(first.err).toBe('');
  expect(first.out).toMatch(/^runs\/a\/report\.html: 1 run, \d+(\.\d)? kB\n$/);
  const page = readFileSync(join(folder, 'runs/a/report.html'), 'utf8');
  expect((await run('report runs/a')).code).toBe(0);
  expect(readFileSync(join(folder, 'runs/a/report.html'), 'utf8')).toBe(page);
  expectComplaint(await run('report runs/a --out table.csv'), 1, /table\.csv is there already, and is no report/);
  expectComplaint(await run('report runs/a --out runs'), 2, /--out: runs is a folder/);
  expectComplaint(await run('report runs/none'), 1, /runs\/none: there is no such folder/);
  expectComplaint(await run('report'), 2, /missing required argument 'runs'/);
  mkdirSync(join(folder, 'runs/empty'), { recursive: true });
  for (const name of ['experiment.json', 'data.json'])
    writeFileSync(join(folder, 'runs/empty', name), readFileSync(join(folder, 'runs/a', name)));
  expectComplaint(await run('report runs/empty'), 1, /runs\/empty: there is nothing to report: training never began/);
});

describe.skipIf(!existsSync(browserPath))('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
    await run('report runs/a runs/<b> --out both.html');
    await run('report runs/table');
  }, 60_000);
  afterAll(() => browser.close());

  /** Opens a page; what it says on the console and every request beside its own are kept. */
  async function open(file: string, options: Parameters<Browser['newContext']>[0]) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    const address = pathToFileURL(join(folder, file)).href;
    page.on('console', message => complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(String(error)));
    page.on('request', request => {
      if (request.url() !== address && !request.url().startsWith('data:')) complaints.push(request.url());
    });
    await page.goto(address);
    return { page, complaints, context };
  }

  test.each([
    ['both.html', 'light', 360],
    ['runs/table/report.html', 'dark', 1280],
  ] as const)('%s, %s, %i pixels wide: asks for nothing, fits, and axe finds nothing', async (file, colorScheme, width) => {
    const { page, complaints, context } = await open(file, { colorScheme, viewport: { width, height: 800 } });
    // One folded table of the same kind as all the others: axe looks at every cell.
    await page
      .locator('details')
      .first()
      .evaluate(one => one.setAttribute('open', ''));
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('shows values under the arrow keys, hides runs, and needs no script for the rest', async () => {
    const { page, context } = await open('both.html', { viewport: { width: 1280, height: 800 } });
    const chart = page.locator('figure.chart').first();
    await chart.locator('svg[data-x0]').focus();
    await page.keyboard.press('Home');
    const first = await chart.locator('tbody tr').first().locator('td').first().textContent();
    expect(await chart.locator('.hint').textContent()).toContain(`epoch 1A training: ${first}`);
    await page.keyboard.press('Escape');
    expect(await chart.locator('.hint').isVisible()).toBe(false);
    await context.close();
    const plain = await open('both.html', { javaScriptEnabled: false });
    const line = plain.page.locator('.plot path.run-1').first();
    expect(await line.isVisible()).toBe(true);
    await plain.page.locator('#show-1').uncheck();
    expect(await line.isVisible()).toBe(false);
    await plain.context.close();
  });
});
