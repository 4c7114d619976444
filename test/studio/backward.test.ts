import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScroll, looks, screenshot, studio } from './harness.ts';

const { open } = studio();

/** Everything on the screen that a person can come across, by address. */
const states: Readonly<Record<string, string>> = {
  neuron: 'at=-1',
  'neuron, half way back': 'at=9',
  net: 'e=2-2-1&at=99',
  'common variable': 'e=z+%3D+3*u%3B+w+%3D+u%5E2%3B+z+%2B+w&at=99&t=30,20',
  softmax: 'e=e1+%3D+exp(z1)%0Ae2+%3D+exp(z2)%0Ae3+%3D+exp(z3)%0Ap+%3D+e1+%2F+(e1+%2B+e2+%2B+e3)%0AL+%3D+-log(p)&at=40',
  'bad expression': 'e=sigmoid(w*x+%2B+*+b)',
  'bad address': 'at=x&lr=-1',
  matrices: 'e=2-2-1&view=matrices',
  'matrices of logits':
    'e=e1+%3D+exp(z1)%0Ae2+%3D+exp(z2)%0Ae3+%3D+exp(z3)%0Ap+%3D+e1+%2F+(e1+%2B+e2+%2B+e3)%0AL+%3D+-log(p)&view=matrices',
  'no matrices': 'e=u+%2B+v&view=matrices',
  quiz: 'quiz=1&q=2',
};

const ready = (page: Page): Promise<void> => page.locator('[data-node], textarea[aria-invalid], ol table').first().waitFor();

// The theme moves nothing: for pictures all are drawn, for the rest each size and language once.
const drawn =
  process.env.STUDIO_SCREENSHOTS === undefined
    ? looks.filter(({ size, theme }) => size === 'projector' || (size === 'phone') === (theme === 'dark'))
    : looks;

test.each(drawn)('every screen reads well: $name', { timeout: 300_000 }, async look => {
  const page = await open(`#/backward?${states.neuron}`, look);
  await ready(page);
  for (const [name, query] of Object.entries(states)) {
    await page.evaluate(hash => {
      location.hash = hash;
    }, `#/backward?${query}`);
    // Either the new graph is there or what is wrong is said; and KaTeX's fonts.
    await page.waitForFunction(
      isBad =>
        document.fonts.status === 'loaded' &&
        document.querySelector('.lab')?.ariaBusy === 'false' &&
        (document.querySelector('textarea[aria-invalid]') !== null) === isBad,
      name === 'bad expression',
    );
    await expectNoSidewaysScroll(page);
    // axe looks at either theme and either size once; the language changes neither colours nor names.
    if (look.name === 'en, light, desktop' || look.name === 'ko, dark, phone') await expectAccessible(page);
    await screenshot(page, `backward ${name} ${look.name}`);
  }
});

const node = (page: Page, name: RegExp) => page.getByRole('button', { name });

describe('as a person would, by mouse', () => {
  test('a graph that is too large to be read at once is seen whole by one press', async () => {
    const page = await open(`#/backward?${states.net}`);
    await ready(page);
    const outside = () =>
      page.evaluate(() => {
        const frame = document.querySelector('[data-node]')!.closest('svg')!.getBoundingClientRect();
        return Array.from(document.querySelectorAll('[data-node]'), node => node.getBoundingClientRect()).filter(
          box => box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom,
        ).length;
      });
    expect(await outside()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(outside).toBe(0);
  });

  test('steps through the pass, edits a variable, and takes gradient steps', async () => {
    const page = await open('#/backward', { reducedMotion: false });
    await ready(page);
    const step = page.getByRole('button', { name: 'Step', exact: true });
    await node(page, /^z5, activation\. z5 = σ\(z4\)\. value 0\.7311\. gradient not there yet/).waitFor();
    await step.click();
    await page.getByRole('heading', { name: 'Backward begins at the result' }).waitFor();
    await step.click();
    await page.getByRole('heading', { name: 'Backward through activation: from z5 to z4' }).waitFor();
    // Formula and numbers: pointed at, the piece lights up in the formula and in the graph.
    const local = page.getByRole('button', { name: 'the local derivative of z5 with respect to z4: 0.1966' });
    await local.hover();
    expect(await page.locator('.label.local.lit').textContent()).toBe('×0.197');
    await page.getByRole('button', { name: 'A step back' }).click();
    await page.getByRole('heading', { name: 'Backward begins at the result' }).waitFor();
    await page.getByRole('button', { name: 'Run to the end' }).click();
    await node(page, /^w1, variable\. value 2\. gradient −0\.1966/).waitFor();

    // σ(w1·x1 + ...) with w1 = 1: z = -1 + 6 - 3 = 2
    const w1 = page.getByRole('textbox', { name: 'w1' });
    await w1.fill('1');
    await w1.press('Enter');
    await node(page, /^z5, activation\. z5 = σ\(z4\)\. value 0\.8808/).waitFor();

    await page.getByRole('textbox', { name: 'Learning rate α' }).fill('1');
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      await page.getByRole('button', { name: 'Take a step' }).click();
      await expect.poll(() => page.getByRole('slider', { name: 'L after each step' }).getAttribute('aria-valuemax')).toBe(String(i + 1));
      losses.push(Number((await page.getByRole('slider', { name: 'L after each step' }).getAttribute('aria-valuetext'))!.split(' L ')[1]));
    }
    expect(losses[0]).toBeLessThan(0.8808);
    expect(losses[1]).toBeLessThan(losses[0]);
    expect(losses[2]).toBeLessThan(losses[1]);
    // x is data: it stayed.
    expect(await page.getByRole('textbox', { name: 'x1' }).inputValue()).toBe('-1');

    // All of it is in the address: another person sees the same.
    await expect.poll(() => page.url()).toMatch(/t=[\d.]+,[\d.]+,[\d.]+/);
    const value = await page.locator('.variables').getByText(/^L = /).textContent();
    const other = await open(new URL(page.url()).hash);
    await ready(other);
    expect(await other.locator('.variables').getByText(/^L = /).textContent()).toBe(value);

    // A way back, in the page and by a reload.
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.getByRole('slider', { name: 'L after each step' }).getAttribute('aria-valuemax')).toBe('2');
    await page.reload();
    await expect.poll(() => page.getByRole('slider', { name: 'L after each step' }).getAttribute('aria-valuemax')).toBe('2');
  });

  test('sees the gradients arrive at a fan-out as a sum', async () => {
    const page = await open('#/backward');
    await ready(page);
    await page.getByRole('combobox', { name: 'Example' }).selectOption({ label: 'Common variable (fan-out)' });
    await node(page, /^u, variable\. value 2/).waitFor();
    await page.getByRole('button', { name: 'Run to the end' }).click();
    await page.getByRole('heading', { name: 'u is a common variable: the parts are added' }).waitFor();
    await node(page, /^u, variable\. value 2\. gradient 7 = 4 \+ 3/).waitFor();
    expect(await page.locator('[data-node="u"] .sum').textContent()).toBe('= 4 + 3');
    await page.getByRole('button', { name: 'A step back' }).click();
    await page.getByRole('button', { name: 'A step back' }).click();
    expect(await page.locator('[data-node="u"] .sum').textContent()).toBe('= 4 + ·');
  });

  test('checks gradients numerically, all and one within the graph', async () => {
    const page = await open('#/backward?at=99');
    await ready(page);
    await page.getByRole('button', { name: 'Check all numerically' }).click();
    await page
      .getByText(/^They agree: the largest relative error is \d\.\de−1\d\.$|^They agree: the largest relative error is \d\.\de−[89]\.$/)
      .waitFor();
    await node(page, /^z3, addition/).click();
    await page.getByRole('button', { name: 'Check this gradient numerically' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/gradient 0\.19661193 · relative error/).waitFor();
    expect(await dialog.locator('annotation').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/2h\} = 0\.196611/)]),
    );
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  });

  test('is told what is wrong with an expression, where it is', async () => {
    const page = await open('#/backward', { language: 'ko' });
    await ready(page);
    const area = page.getByRole('textbox', { name: '식', exact: true });
    await area.fill('sigmoid(w1*x1 + * b)');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(
      /1행 17열:\s+'\*': 이 자리에는 다른 것이 와야 합니다\. 필요한 것은 수, 이름, 함수 또는 '\('입니다/,
    );
    expect(await page.locator('mark.wrong').textContent()).toBe('*');
    // The last graph that could be read stays, and says that it is old.
    expect(await page.locator('.stale').count()).toBe(1);
    await page.getByRole('button', { name: '1행 17열:' }).click();
    expect(await area.evaluate((element: HTMLTextAreaElement) => element.value.slice(element.selectionStart, element.selectionEnd))).toBe(
      '*',
    );
    await area.fill('sigmoid(w1*x1 + b)');
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
    expect(await page.locator('[data-node]').count()).toBe(6);
  });

  test('zooms out to matrices of the same numbers', async () => {
    const page = await open('#/backward?e=2-2-1&at=99');
    await ready(page);
    const graph = await page.locator('[data-node="w1_12"] .gradient').textContent();
    await page.getByRole('tab', { name: 'Zoomed out: matrices' }).click();
    const matrix = page.getByRole('group', { name: 'dW1: gradient of the weights of layer 1' });
    expect(await matrix.locator('td').nth(1).textContent()).toBe(graph);
  });

  test('shares the state that a lab begins with, too', async () => {
    const page = await open('#/backward?e=u*v');
    await ready(page);
    await page.getByRole('combobox', { name: 'Example' }).selectOption({ label: 'One neuron' });
    await page.locator('[data-node="z5"]').waitFor();
    await expect.poll(() => page.url()).toMatch(/#\/backward\?start=1$/);
    await page.getByRole('combobox', { name: 'Example' }).selectOption({ label: 'Addition' });
    await expect.poll(() => page.url()).toMatch(/#\/backward\?e=u/);
    await page.evaluate(() => {
      location.hash = '#/backward?start=1';
    });
    await page.locator('[data-node="z5"]').waitFor();
  });

  test('takes the same pass away as a command and as a program', async () => {
    const page = await open('#/backward?e=u*v&v=u:2,v:-3');
    await ready(page);
    await page.getByRole('button', { name: 'Share' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('group', { name: 'As a command' }).textContent()).toBe("chainrule explain 'u*v' --values 'u=2,v=-3'");
    expect(await dialog.getByRole('group', { name: 'As TypeScript' }).textContent()).toContain(
      "explain('u*v', { values: { u: 2, v: -3 } })",
    );
    await dialog.getByText('For teaching: hide controls').click();
    await dialog.getByRole('checkbox', { name: 'Quiz me' }).check();
    const link = (await dialog.getByRole('group', { name: 'Address' }).textContent())!;
    const other = await open(new URL(link).hash);
    await ready(other);
    expect(await other.getByRole('button', { name: 'Quiz me' }).count()).toBe(0);
    expect(await other.getByRole('button', { name: 'Step', exact: true }).count()).toBe(1);
  });
});

describe('as a person would, by keyboard alone', () => {
  test('walks the graph with arrow keys, opens a value, and steps', async () => {
    const page = await open('#/backward', { language: 'ko', size: 'phone' });
    await ready(page);
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    // By Tab from the top of the page into the graph: one stop.
    for (let i = 0; i < 40 && !(await focused()).startsWith('z5'); i++) await page.keyboard.press('Tab');
    expect(await focused()).toMatch(/^z5, 활성화 함수\. z5 = σ\(z4\)\. 값 0\.7311\. 아직 도착하지 않은 기울기/);
    await page.keyboard.press('Home');
    expect(await focused()).toMatch(/^w1, 변수/);
    await page.keyboard.press('End');
    // At this width the graph stands upright: its inputs are above.
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toMatch(/^z4, 덧셈/);
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    await page.getByRole('heading', { name: '활성화 함수의 역전파: z5에서 z4로' }).waitFor();
    expect(await focused()).toMatch(/^z4, 덧셈\. z4 = z3 \+ b\. 값 1\. 기울기 0\.1966/);
    await page.keyboard.press('b');
    await page.getByRole('heading', { name: '역전파는 결과에서 시작합니다' }).waitFor();
    await page.keyboard.press('r');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    const field = dialog.getByRole('textbox', { name: '값' });
    await field.focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    // The focus is back where it was, and everything followed.
    await expect.poll(focused).toMatch(/^w1, 변수\. 값 1\. 기울기 −0\.105/);
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(focused).toMatch(/^w1, 변수\. 값 2\. 기울기 −0\.1966/);
  });

  test('answers the quiz, with a slip, hints, and a product', async () => {
    const page = await open('#/backward?e=z+%3D+3*u%3B+w+%3D+u%5E2%3B+z+%2B+w&v=u:2&quiz=1');
    await ready(page);
    // Which is asked first depends on the seed; go on until it is u.
    for (let i = 0; i < 3 && (await page.getByRole('heading', { name: 'What is the gradient of u?' }).count()) === 0; i++) {
      await page.getByRole('button', { name: 'Show the answer' }).press('Enter');
      await page.getByRole('button', { name: 'Next question' }).press('Enter');
    }
    expect(await page.locator('[data-node="u"] .gradient').textContent()).toBe('?');
    const entry = page.getByRole('textbox', { name: '∂L/∂u' });
    await entry.focus();
    for (const [typed, said] of [
      ['4', 'That is one part. It is used more than once: add what comes back along each use.'],
      ['-7', 'The size is right, the sign is not.'],
      ['5', '5 is not it. Multiply what comes from above by the local derivative.'],
    ]) {
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(typed);
      await page.keyboard.press('Enter');
      await page.getByText(said, { exact: true }).first().waitFor();
    }
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('3*');
    await page.keyboard.press('Enter');
    await page
      .getByRole('alert')
      .getByText(/^This is no number: Expected a number/)
      .waitFor();
    for (let i = 0; i < 3; i++) await page.getByRole('button', { name: /^Hint/ }).press('Enter');
    expect(await page.locator('.hints').textContent()).toContain('u is used 2 times, by w, z.');
    expect(await page.locator('[data-node="u"] .gradient').textContent()).toBe('?');
    await entry.focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('3 + 2*2');
    await page.keyboard.press('Enter');
    await page.getByText('Right: 7.', { exact: true }).first().waitFor();
    expect(await page.locator('[data-node="u"] .gradient').textContent()).toBe('7');
  });
});
