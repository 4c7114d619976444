import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScroll, looks, screenshot, studio } from './harness.ts';

const { open } = studio();

/** The figure of a part in the table beside the large picture. */
const figure = async (page: Page, part: string, column: 1 | 2): Promise<number> => {
  const row = page
    .getByRole('table', { name: /^(Figures|수치)$/ })
    .getByRole('row')
    .filter({ hasText: part });
  return Number.parseFloat(
    (await row
      .locator('td')
      .nth(column - 1)
      .textContent()) ?? '',
  );
};
const where = (page: Page): Promise<string> => page.locator('.where').innerText();
const standsAt = async (page: Page, step: number): Promise<void> => {
  await expect.poll(() => where(page), { timeout: 60_000 }).toMatch(new RegExp(`^(Step ${step} of|\\d+단계 중 ${step}단계)`));
};
const fingerprint = async (page: Page, step: number): Promise<string> => {
  await standsAt(page, step);
  await page.getByText(new RegExp(`(at step ${step}:|^${step}단계)`)).waitFor();
  return (await page.locator('[data-fingerprint]').getAttribute('data-fingerprint'))!;
};
const begun = (page: Page): Promise<unknown> => page.locator('[data-fingerprint]').waitFor({ timeout: 90_000 });

/** Presses Tab until the focus is on what has this name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const at = document.activeElement;
      const label = at?.id ? document.querySelector(`label[for="${CSS.escape(at.id)}"]`)?.textContent : null;
      return (at?.getAttribute('aria-label') ?? label ?? at?.textContent ?? '').trim();
    });
    if (name.test(found)) return;
  }
  throw new Error(`Tab never came to ${name}`);
}

describe('the playground', () => {
  test.each(looks)('reads well: $name', async look => {
    const page = await open('#/playground?r1=hidden=6,4~activation=tanh~lr=0.02~epochs=3&r2=hidden=6,4~epochs=3~dropout=0.2', look);
    await page.getByRole('heading', { level: 1, name: look.language === 'ko' ? '놀이터' : 'Playground' }).waitFor();
    const hasTabs = (await page.getByRole('tab').count()) > 0;
    if (!hasTabs) await begun(page);
    await page.keyboard.press('k');
    await standsAt(page, 45);
    if (!hasTabs) {
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await screenshot(page, `playground ${look.name}`);
      return;
    }
    const tabs = page.getByRole('tablist', { name: look.language === 'ko' ? '보기' : 'Views' }).getByRole('tab');
    for (let i = 0; i < (await tabs.count()); i++) {
      await tabs.nth(i).click();
      await expectNoSidewaysScroll(page);
      await screenshot(page, `playground ${look.name} ${i}`);
      // Both languages and both themes, but not every view in all four: each takes seconds.
      if ((look.language === 'ko') === (look.theme === 'dark')) await expectAccessible(page);
    }
  });

  test('by mouse, in English: a story is told, played, taken back and changed', async () => {
    const page = await open('#/playground');
    await page.getByLabel('Story').selectOption('memorize');
    await page.getByText(/the net learns them by heart/).waitFor();
    await begun(page);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
    expect(await figure(page, 'training', 2)).toBe(100);
    const after = await figure(page, 'validation', 1);
    await page.getByRole('button', { name: 'Back to the start' }).click();
    await standsAt(page, 0);
    await page.getByRole('button', { name: 'One epoch' }).click();
    await standsAt(page, 9);
    expect(await figure(page, 'validation', 1)).toBeLessThan(0.5 * after);

    // A cure, by hand: the story is then no longer told.
    await page.getByRole('tab', { name: 'Regularization' }).click();
    await page.getByLabel('L2: λ Σ w²').fill('0.01');
    await page.getByLabel('L2: λ Σ w²').press('Enter');
    await expect.poll(() => page.getByLabel('Story').inputValue()).toBe('');
    await standsAt(page, 0);
    await begun(page);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
    expect(await figure(page, 'validation', 1)).toBeLessThan(0.5 * after);

    // Undone twice: the story again, and the settings one began with.
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.getByLabel('Story').inputValue()).toBe('memorize');
    await page.getByRole('button', { name: 'Redo' }).click();
    expect(await page.getByLabel('L2: λ Σ w²').inputValue()).toBe('0.01');
  });

  test('by keyboard alone, in Korean: layers, a step, and points drawn with the cross', async () => {
    const page = await open('#/playground', { language: 'ko' });
    await begun(page);
    await tabTo(page, /^1층에 유닛 하나 추가$/);
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: /^신경망 2-9-6-2/ }).waitFor();
    await page.keyboard.press('l');
    await standsAt(page, 1);
    await page.keyboard.press('j');
    await standsAt(page, 0);
    await page.keyboard.press('e');
    await standsAt(page, 15);

    await page.getByLabel('모양').focus();
    await page.keyboard.press('End'); // the last of the shapes: one's own, from the points that are there
    await expect.poll(() => page.getByLabel('모양').inputValue()).toBe('own');
    await tabTo(page, /^점 모두 지우기$/);
    await page.keyboard.press('Enter');
    await page.getByText('점이 0개입니다.').first().waitFor();
    await tabTo(page, /십자 위치 0\.0, 0\.0/);
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Shift+ArrowLeft');
      await page.keyboard.press('Enter');
    }
    await page.keyboard.press('2');
    for (let i = 0; i < 7; i++) await page.keyboard.press('Shift+ArrowRight');
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Enter');
      await page.keyboard.press('Shift+ArrowUp');
    }
    await expect.poll(async () => (await page.getByRole('status').allTextContents()).join()).toContain('1.5, 1.5에 그림: 클래스 1');
    await page.getByText('훈련 4, 검증 2, 테스트 2').waitFor();
    await page.keyboard.press('Escape');
    await tabTo(page, /^재생$|^일시 정지$/);
    await page.keyboard.press('Enter');
    await page.getByText('끝: 모든 에포크를 학습했습니다.').waitFor({ timeout: 90_000 });
    expect(await figure(page, '훈련', 2)).toBe(100);
    await expectAccessible(page);
  });

  test('by finger, on a phone: drawing, and one view after the other', async () => {
    const page = await open('#/playground?d=shape=own~validation=0~test=0&r1=hidden=6~epochs=60~batch-size=4~lr=0.05', { size: 'phone' });
    await page
      .getByText(/There are 0 points/)
      .first()
      .waitFor();
    const sheet = page.getByRole('application');
    const draw = async (x: number, y: number): Promise<void> => {
      const box = (await sheet.boundingBox())!;
      await page.touchscreen.tap(box.x + x * box.width, box.y + y * box.height);
    };
    await sheet.scrollIntoViewIfNeeded();
    for (const [x, y] of [
      [0.2, 0.3],
      [0.3, 0.5],
      [0.25, 0.7],
    ])
      await draw(x, y);
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByLabel('A press draws').selectOption({ label: 'class 1' });
    await page.getByRole('tab', { name: 'What it has learned' }).click();
    await sheet.scrollIntoViewIfNeeded();
    for (const [x, y] of [
      [0.8, 0.3],
      [0.7, 0.5],
      [0.75, 0.7],
    ])
      await draw(x, y);
    await begun(page);
    await page.getByRole('button', { name: 'Play', exact: true }).tap();
    await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
    expect(await figure(page, 'training', 2)).toBe(100);
    await expectNoSidewaysScroll(page);
  });

  test.each([
    ['the spiral', '#/playground', 95],
    ['the circle', '#/playground?d=shape=circle&r1=hidden=8~epochs=60~lr=0.02', 95],
    ['four clouds', '#/playground?d=shape=gaussians~classes=4&r1=hidden=8~epochs=40~lr=0.02', 85],
  ])('learns %s', async (_, hash, least) => {
    const page = await open(hash);
    await begun(page);
    await page.keyboard.press('k');
    await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
    expect(await figure(page, 'validation', 2)).toBeGreaterThanOrEqual(least);
  });

  test('learns hills, as values', async () => {
    const page = await open('#/playground?d=shape=hills~points-noise=0.05&r1=hidden=16,16~activation=tanh~epochs=120~lr=0.02');
    await begun(page);
    const before = await figure(page, 'validation', 1);
    await page.keyboard.press('k');
    await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
    expect(await figure(page, 'validation', 1)).toBeLessThan(0.3 * before);
  });

  test('runs side by side: added, changed, compared, removed', async () => {
    const page = await open('#/playground?r1=hidden=4~epochs=4');
    await begun(page);
    await page.getByRole('button', { name: 'Add a run' }).click();
    await page.getByRole('heading', { name: 'Settings · Run 2' }).waitFor();
    await page.getByRole('combobox', { name: 'Optimizer' }).selectOption('sgd');
    await page.getByText('optimizer=sgd').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
    await page.getByRole('heading', { name: 'Validation loss, run by run' }).waitFor();
    expect(await page.getByText(/^validation [\d.]+, [\d.]+ %$/).count()).toBe(2);
    await page.getByRole('button', { name: 'Show run 1' }).click();
    await page.getByRole('heading', { name: 'Settings · Run 1' }).waitFor();
    await page.getByRole('button', { name: 'Remove run 2' }).click();
    await expect.poll(() => page.getByRole('button', { name: /^Show run/ }).count()).toBe(0);
  });

  test('what a teacher hides is not there', async () => {
    const page = await open('#/playground?hide=story,data,settings,layers,speed,runs,network');
    await begun(page);
    for (const name of ['Data', 'Settings', 'Inside the layers']) expect(await page.getByRole('heading', { name }).count()).toBe(0);
    for (const label of ['Story', 'Speed']) expect(await page.getByLabel(label).count()).toBe(0);
    for (const name of ['Add a run', 'Add a layer']) expect(await page.getByRole('button', { name }).count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'Curves' }).count()).toBe(1);
  });
});

describe('what cannot be', () => {
  test('is explained where it was typed', async () => {
    const page = await open('#/playground');
    await begun(page);
    const rate = page.getByRole('textbox', { name: 'Learning rate', exact: true });
    await rate.fill('-1');
    await rate.press('Enter');
    await page.getByText("'-1' was given; it must be a number from 1e-9 to 1000").waitFor();
    expect(await rate.getAttribute('aria-invalid')).toBe('true');
    await rate.press('Escape');
    expect(await rate.inputValue()).toBe('0.02');
    await page.getByRole('combobox', { name: 'Optimizer' }).selectOption('bfgs');
    await page.getByText('It needs the whole training part in each batch: set the batch size to 240.').waitFor();
    await page.getByRole('button', { name: 'Set it' }).click();
    await page.getByRole('tab', { name: 'Training' }).click();
    await expect.poll(() => page.getByLabel('Batch size').inputValue()).toBe('240');
  });

  test('in a table, by line and column', async () => {
    const page = await open('#/playground');
    await begun(page);
    await page.getByRole('button', { name: 'Open a CSV file' }).click();
    const dialog = page.getByRole('dialog', { name: 'Points from a CSV file' });
    await dialog.getByLabel('Or paste the table here').fill('width,height,kind\n1,2,cat\n3,oops,dog\n');
    await dialog.getByText("CSV, line 3, column 'height': 'oops' is not a number").waitFor();
    expect(await dialog.getByRole('button', { name: 'Use these points' }).isDisabled()).toBe(true);
    await expectAccessible(page);
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${(i * 7) % 5},${i < 10 ? 'cat' : 'dog'}`).join('\n');
    await dialog
      .getByLabel('File')
      .setInputFiles({ name: 'pets.csv', mimeType: 'text/csv', buffer: Buffer.from(`width,height,kind\n${rows}\n`) });
    await dialog.getByText('20 points, classes cat, dog').waitFor();
    await dialog.getByRole('button', { name: 'Use these points' }).click();
    await page.getByText('12 to train on, 4 to validate, 4 to test').waitFor();
  });

  test('in an address', async () => {
    const page = await open('#/playground?d=shape=star&r1=lr=fast');
    await page
      .getByText(/In the address, 'd' is 'shape=star', which cannot be used.* Expected: shape: star was given; it must be one of circle/)
      .waitFor();
    await page.getByText(/In the address, 'r1' is 'lr=fast'/).waitFor();
    await begun(page);
  });

  test('in training: a loss that is not finite is told in words, and nothing is lost', async () => {
    const page = await open('#/playground?d=shape=plane&r1=hidden=8~activation=identity~optimizer=sgd~lr=500~batch-size=10');
    await begun(page);
    await page.keyboard.press('k');
    await page.getByText(/Training stopped: the loss became (Infinity|NaN) in epoch 1/).waitFor();
    await page.getByRole('button', { name: 'Back to the start' }).click();
    await standsAt(page, 0);
    expect(await page.getByRole('textbox', { name: 'Learning rate', exact: true }).inputValue()).toBe('500');
  });
});

test('a step back is the step that was: the same weights, and on again', async () => {
  const page = await open('#/playground?r1=hidden=6~dropout=0.3~batch-norm=before');
  await begun(page);
  const slider = page.getByRole('slider', { name: 'Step', exact: true });
  const seen = new Map<number, string>();
  for (const step of [7, 20, 7, 3, 20, 7]) {
    await slider.fill(String(step));
    const now = await fingerprint(page, step);
    expect(now).toBe(seen.get(step) ?? now);
    seen.set(step, now);
  }
  expect(new Set(seen.values()).size).toBe(3);
});

test('a reload finds all of it again: settings, and the step where it stood', async () => {
  const page = await open('#/playground');
  await page.getByLabel('Story').selectOption('dropout');
  // The story's own run: 200 epochs of 9 steps.
  await expect.poll(() => where(page), { timeout: 60_000 }).toMatch(/^Step 0 of 1800/);
  await begun(page);
  await page.keyboard.press('e');
  const before = await fingerprint(page, 9);
  await page.reload();
  expect(await fingerprint(page, 9)).toBe(before);
  expect(await page.getByLabel('Story').inputValue()).toBe('dropout');
});
