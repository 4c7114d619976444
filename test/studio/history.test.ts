/** What outlasts the page: the way back, and the step at which a run stands, which the address holds too. */
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { studio } from './harness.ts';

const { open } = studio();

const step = async (page: Page): Promise<number> => Number(/^Step (\d+)/.exec(await page.locator('.where').innerText())?.[1] ?? -1);
const print = async (page: Page, at: number): Promise<string> => {
  await page.getByText(`at step ${at}:`).waitFor();
  return (await page.locator('[data-fingerprint]').getAttribute('data-fingerprint')) ?? '';
};
const hashOf = (page: Page): string => new URL(page.url()).hash;
const expression = (page: Page): Promise<string> => page.getByRole('textbox', { name: 'Expression' }).inputValue();

describe('undo and redo', () => {
  test('are there again after a reload', async () => {
    const page = await open('#/backward?e=u*v&v=u:2,v:3');
    const undo = page.getByRole('button', { name: 'Undo' });
    const redo = page.getByRole('button', { name: 'Redo' });
    const example = page.getByRole('combobox', { name: 'Example' });
    for (const label of ['Addition', 'Common variable (fan-out)']) await example.selectOption({ label });
    const third = await expression(page);
    await undo.click();
    const second = await expression(page);
    expect(second).not.toBe(third);
    await page.reload();
    await expect.poll(() => expression(page)).toBe(second);
    await redo.click();
    await expect.poll(() => expression(page)).toBe(third);
    await page.reload();
    await expect.poll(() => expression(page)).toBe(third);
    await undo.click();
    await undo.click();
    await expect.poll(() => expression(page)).toBe('u*v');
    expect(await undo.isDisabled()).toBe(true);
  });

  test('lead from an address that was opened back to what was there before', async () => {
    const page = await open('#/backward?e=u*v&v=u:2,v:3');
    await page.getByRole('textbox', { name: 'Expression' }).waitFor();
    await page.goto(`${page.url().split('#')[0]}?another#/backward?e=a%2Bb`);
    await expect.poll(() => expression(page)).toBe('a+b');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => expression(page)).toBe('u*v');
  });

  test('what somebody else wrote where the way back is kept is no error', async () => {
    const page = await open('#/backward?e=u*v');
    await page.getByRole('textbox', { name: 'Expression' }).waitFor();
    await page.evaluate(() => localStorage.setItem('chainrule-studio:backward:history', '{"past": 7, "future": ['));
    // The page writes its own when it goes: so it must be gone first.
    await page.evaluate(() => {
      const setItem = Storage.prototype.setItem;
      Storage.prototype.setItem = function (key, value) {
        if (!key.endsWith(':history')) setItem.call(this, key, value);
      };
    });
    await page.reload();
    await expect.poll(() => expression(page)).toBe('u*v');
    expect(await page.getByRole('button', { name: 'Undo' }).isDisabled()).toBe(true);
  });
});

describe('the step at which a run stands', () => {
  test('is in the address of the playground, for each run, and leads to the same bits', async () => {
    const page = await open('#/playground?r1=hidden=6~dropout=0.2~epochs=12&r2=hidden=4~epochs=12&run=1');
    await print(page, 0);
    await page.keyboard.press('e');
    const there = await print(page, 15);
    await expect.poll(() => hashOf(page)).toMatch(/[?&]at=15(,15)?(&|$)/);
    const other = await open(hashOf(page));
    expect(await print(other, 15)).toBe(there);
    // An address typed while the lab is open asks for its own step.
    await other.evaluate(
      hash => {
        location.hash = hash;
      },
      hashOf(page).replace(/at=15(,15)?/, 'at=7'),
    );
    const seventh = await print(other, 7);
    expect(seventh).not.toBe(there);
    const third = await open(hashOf(page).replace(/at=15(,15)?/, 'at=7'));
    expect(await print(third, 7)).toBe(seventh);
  });

  test('is found again by a reload in the midst of playing', async () => {
    const page = await open('#/playground?r1=hidden=6~epochs=200&speed=100');
    await print(page, 0);
    await page.keyboard.press('k');
    const noted = (): number => Number(/[?&]at=(\d+)/.exec(hashOf(page))?.[1] ?? 0);
    await expect.poll(noted).toBeGreaterThan(100);
    const before = noted();
    await page.reload();
    await expect.poll(() => step(page)).toBeGreaterThanOrEqual(before);
    await print(page, await step(page));
  });

  test('is in the address of the MNIST lab', async () => {
    const page = await open('#/mnist?e=digits-train%3D500~validation%3D100~hidden%3D16~epochs%3D3');
    await page.getByText('Step 0 of 12').waitFor();
    await page.keyboard.press('e');
    await page.getByText('at step 4:').waitFor(); // an epoch
    await expect.poll(() => hashOf(page)).toMatch(/[?&]at=4\b/);
    const there = (await page.locator('.print code').textContent())!;
    const other = await open(hashOf(page));
    await expect.poll(() => other.locator('.print code').textContent()).toBe(there);
  });

  test('where it cannot be read, runs stand at their beginning', async () => {
    const page = await open('#/playground?r1=hidden=6~epochs=12&at=-3,x,5,6,7');
    await print(page, 0);
    expect(await step(page)).toBe(0);
  });
});
