import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, inject, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScroll, looks, screenshot, studio } from './harness.ts';

const { open } = studio();
const dist = fileURLToPath(new URL('../../dist/studio', import.meta.url));

describe('the start page', () => {
  test.each(looks)('reads well: $name', async look => {
    const page = await open('', look);
    await expect
      .poll(() => page.locator('h1').textContent())
      .toBe(look.language === 'ko' ? '신경망이 학습되는 과정을 눈으로' : 'See how a neural network trains');
    expect(await page.locator('main').getByRole('link').count()).toBe(3);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await screenshot(page, `home ${look.name}`);
  });
});

test('the language is switched in place, and kept', async () => {
  const page = await open('');
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await page.getByRole('button', { name: /^Language/ }).click();
  await page.getByRole('heading', { level: 1, name: '신경망이 학습되는 과정을 눈으로' }).waitFor();
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
  expect(await page.locator('html').getAttribute('lang')).toBe('ko');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '신경망이 학습되는 과정을 눈으로' }).waitFor();
});

test('the colours are switched in place, and kept', async () => {
  const page = await open('');
  const paper = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor);
  const light = await paper();
  await page.getByRole('button', { name: /^Colours: as the system/ }).click();
  await page.getByRole('button', { name: /^Colours: light/ }).click();
  const dark = await paper();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole('button', { name: /^Colours: dark/ }).waitFor();
  expect(await paper()).toBe(dark);
});

test('the skip link, by keyboard, leads past the header', async () => {
  const page = await open('');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Skip to the lab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
});

test('an address with a name that is no lab says so', async () => {
  const page = await open('#/backwards');
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toContain("There is no lab named 'backwards' here");
});

test('an address typed while the last change is still to be written is the one that counts', async () => {
  const page = await open('#/backward?e=u*v');
  await page.locator('[data-node]').first().waitFor();
  const read = await page.evaluate(async () => {
    const heard = new Promise(resolve => addEventListener('hashchange', resolve, { once: true }));
    location.hash = '#/backward?e=u*4';
    // What is still to be written is written, while the new address has not been read yet.
    dispatchEvent(new PageTransitionEvent('pagehide'));
    await Promise.race([heard, new Promise(resolve => setTimeout(resolve, 1000))]);
    await new Promise(resolve => setTimeout(resolve));
    return document.querySelector('textarea')!.value;
  });
  expect(read).toBe('u*4');
});

test('a teacher hides controls by the address', async () => {
  const page = await open('#/?hide=theme,help&lang=ko');
  await page.getByRole('button', { name: '언어: 한국어. English로 바꾸기' }).waitFor();
  expect(await page.getByRole('group', { name: '도구' }).getByRole('button').count()).toBe(1);
});

test('it works without a network after the first visit', async () => {
  const page = await open('');
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  await page.goto(`${inject('studioUrl')}#/mnist`);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'MNIST' }).waitFor();
});

test('the page is cross-origin isolated', async () => {
  const page = await open('');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('the first script is below 250 kB gzipped', () => {
  const index = readFileSync(join(dist, 'index.html'), 'utf8');
  const scripts = [...index.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(match => match[1]);
  expect(scripts.length).toBeGreaterThan(0);
  const size = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, name))).length, 0);
  const whole = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter(file => file.isFile())
    .reduce((sum, file) => sum + readFileSync(join(file.parentPath, file.name)).length, 0);
  console.log(`studio: the first script is ${(size / 1000).toFixed(1)} kB gzipped, the whole ${(whole / 1000).toFixed(0)} kB`);
  expect(size).toBeLessThan(250_000);
});

test('first paint, printed', async () => {
  const page = await open('');
  const paint = (): Promise<number | undefined> =>
    page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  await expect.poll(paint).toBeGreaterThan(0);
  console.log(`studio: first contentful paint ${Math.round((await paint())!)} ms, from loopback`);
});
