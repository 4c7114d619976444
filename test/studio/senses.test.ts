/** The backward lab by finger, by ear, and with less motion. */
import type { CDPSession, Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { studio } from './harness.ts';

const { open } = studio();

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the graph is: its shift and its scale. */
async function placeOf(page: Page): Promise<{ x: number; y: number; scale: number }> {
  const transform = await page.locator('svg[role=group] > g').getAttribute('transform');
  const [x, y, scale] = transform!.match(/-?[\d.]+(?:e-?\d+)?/g)!.map(Number);
  return { x, y, scale };
}

/** Where on the screen the middle of a card is. */
async function middleOf(page: Page, node: string): Promise<Point> {
  const box = (await page.locator(`[data-node="${node}"]`).boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function touch(cdp: CDPSession, type: 'touchStart' | 'touchMove' | 'touchEnd', points: readonly Point[]): Promise<void> {
  await cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(({ x, y }, id) => ({ x, y, id })) });
}

/** Fingers from where they are put down to where they are lifted, in steps as a screen reports them. */
async function fingers(page: Page, paths: readonly { readonly from: Point; readonly to: Point }[], steps = 8): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const at = (share: number): Point[] =>
    paths.map(({ from, to }) => ({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }));
  await touch(cdp, 'touchStart', at(0));
  for (let i = 1; i <= steps; i++) await touch(cdp, 'touchMove', at(i / steps));
  await touch(cdp, 'touchEnd', []);
  await cdp.detach();
}

async function graphOnPhone(): Promise<{ page: Page; left: number; top: number }> {
  const page = await open('#/backward', { size: 'phone' });
  const graph = page.locator('svg[role=group]');
  await page.locator('[data-node="z5"]').waitFor();
  await graph.scrollIntoViewIfNeeded();
  await graph.evaluate(element => element.scrollIntoView({ block: 'center' }));
  const { x: left, y: top } = (await graph.boundingBox())!;
  return { page, left, top };
}

describe('by finger', () => {
  test('one finger moves the graph aside, as far as itself, also out of sight', async () => {
    const { page, left } = await graphOnPhone();
    const before = await placeOf(page);
    const from = await middleOf(page, 'z4');
    await fingers(page, [{ from, to: { x: from.x - 90, y: from.y } }]);
    await expect.poll(async () => (await placeOf(page)).x).toBeCloseTo(before.x - 90, 0);
    expect((await placeOf(page)).scale).toBe(before.scale);
    expect((await middleOf(page, 'z4')).x).toBeCloseTo(from.x - 90, 0);
    // Not held back by the step that it stands at, whose card is z5: twice to the right, and it is gone.
    const y = from.y;
    for (let i = 0; i < 2; i++) await fingers(page, [{ from: { x: left + 40, y }, to: { x: left + 260, y } }]);
    await expect.poll(async () => (await middleOf(page, 'z5')).x).toBeGreaterThan(left + 330);
  });

  test('up and down is left to the page, which scrolls', async () => {
    const { page } = await graphOnPhone();
    const before = await placeOf(page);
    const scrolled = await page.evaluate(() => scrollY);
    const from = await middleOf(page, 'z4');
    await fingers(page, [{ from, to: { x: from.x, y: from.y - 160 } }], 16);
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(scrolled + 50);
    expect((await placeOf(page)).scale).toBe(before.scale);
  });

  test('two fingers spread the graph, and what is under each stays there', async () => {
    const { page, left, top } = await graphOnPhone();
    const before = await placeOf(page);
    const [a, b] = [
      { x: left + 130, y: top + 150 },
      { x: left + 190, y: top + 230 },
    ];
    const [to, fro] = [
      { x: a.x - 60, y: a.y - 80 },
      { x: b.x + 60, y: b.y + 80 },
    ];
    /** The point of the drawing that is under a point of the screen. */
    const under = ({ x, y }: Point, place: typeof before): Point => ({
      x: (x - left - place.x) / place.scale,
      y: (y - top - place.y) / place.scale,
    });
    await fingers(page, [
      { from: a, to },
      { from: b, to: fro },
    ]);
    await expect.poll(async () => (await placeOf(page)).scale / before.scale).toBeCloseTo(3, 1);
    const after = await placeOf(page);
    for (const [start, end] of [
      [a, to],
      [b, fro],
    ]) {
      expect(under(end, after).x).toBeCloseTo(under(start, before).x, 0);
      expect(under(end, after).y).toBeCloseTo(under(start, before).y, 0);
    }
    // And together again.
    await fingers(page, [
      { from: to, to: a },
      { from: fro, to: b },
    ]);
    await expect.poll(async () => (await placeOf(page)).scale).toBeCloseTo(before.scale, 1);
  });
});

test('the curve of the loss is heard: its pitch falls as the loss does, the point goes along, and it can be stopped', async () => {
  // Three losses: 30 and 20 of the steps taken, and 10 now.
  const page = await open('#/backward?e=z+%3D+3*u%3B+w+%3D+u%5E2%3B+z+%2B+w&v=u:2&t=30,20');
  const slider = page.getByRole('slider', { name: 'L after each step' });
  await slider.waitFor();
  // In place of the sound card: what it is asked for, on a clock of the test's own.
  await page.evaluate(() => {
    const sound = { time: 0, asked: [] as [hertz: number, when: number][], closed: 0 };
    const connect = <T>(next: T): T => next;
    const volume = { setValueAtTime() {}, setTargetAtTime() {} };
    const frequency = { setTargetAtTime: (hertz: number, when: number) => void sound.asked.push([hertz, when]) };
    class StandIn {
      readonly destination = {};
      get currentTime(): number {
        return sound.time;
      }
      createOscillator() {
        return { type: 'sine', frequency, connect, start() {}, stop() {} };
      }
      createGain() {
        return { gain: volume, connect };
      }
      async close(): Promise<void> {
        sound.closed++;
      }
    }
    Object.assign(window, { AudioContext: StandIn, sound });
  });
  const sound = () => page.evaluate(() => (window as unknown as { sound: { asked: [number, number][]; closed: number } }).sound);
  const goTo = (time: number) =>
    page.evaluate(at => {
      (window as unknown as { sound: { time: number } }).sound.time = at;
    }, time);

  await page.getByRole('button', { name: 'Hear the curve: L after each step' }).click();
  const { asked } = await sound();
  // Two octaves, from the greatest loss to the least; evenly over two and a half seconds.
  expect(asked.map(([hertz]) => Math.round(hertz))).toEqual([880, 440, 220]);
  const [first, second, third] = asked.map(([, when]) => when);
  expect(second - first).toBeCloseTo(1.25, 6);
  expect(third - second).toBeCloseTo(1.25, 6);
  await goTo(second);
  await expect.poll(() => slider.getAttribute('aria-valuenow')).toBe('1');
  await page.getByRole('button', { name: 'Stop the sound' }).click();
  await expect.poll(async () => (await sound()).closed).toBe(1);

  // Once more, to its end: the button offers it again by itself.
  await goTo(0);
  await page.getByRole('button', { name: 'Hear the curve: L after each step' }).click();
  await goTo(10);
  await page.getByRole('button', { name: 'Hear the curve: L after each step' }).waitFor();
  expect((await sound()).closed).toBe(2);
});

test('with less motion wanted nothing runs along the edges, and nothing glides', async () => {
  const motion = async (reducedMotion: boolean): Promise<{ animation: string; glide: string }> => {
    // At a step back along an edge.
    const page = await open('#/backward?at=9', { reducedMotion });
    await page.locator('.active .flow').first().waitFor({ state: 'attached' });
    return page.evaluate(() => ({
      animation: getComputedStyle(document.querySelector('.active .flow')!).animationName,
      glide: getComputedStyle(document.documentElement).getPropertyValue('--quick'),
    }));
  };
  const [full, less] = [await motion(false), await motion(true)];
  expect(full.animation).toMatch(/flow$/);
  expect(Number.parseFloat(full.glide)).toBeGreaterThan(0);
  expect(less.animation).toBe('none');
  expect(Number.parseFloat(less.glide)).toBe(0);
});

describe('zoomed out', () => {
  const elements = async (page: Page, name: RegExp): Promise<string[]> => page.getByRole('group', { name }).locator('td').allTextContents();

  test('the chain of layers is matrices of the same numbers, lit wherever they are used', async () => {
    const page = await open('#/backward?at=99');
    await page.locator('[data-node="z5"]').waitFor();
    await page.getByRole('combobox', { name: 'Example' }).selectOption({ label: "The lecture's chain of layers" });
    await page.getByRole('button', { name: 'Run to the end' }).click();
    await page.locator('[data-node="w1"] .gradient').waitFor();
    const gradients = await page.locator('[data-node^="w"] .gradient').allTextContents();
    await page.getByRole('tab', { name: 'Zoomed out: matrices' }).click();
    await page.getByRole('group', { name: /^dW1:/ }).waitFor();
    const matrices: string[] = [];
    for (const l of [1, 2, 3, 4, 5]) matrices.push(...(await elements(page, new RegExp(`^dW${l}:`))));
    expect(matrices.toSorted()).toEqual(gradients.toSorted());
    await page.mouse.move(0, 0);
    await page.getByRole('group', { name: /^A4:/ }).focus();
    // A4 itself, Z5 = A4 W5ᵀ, dW5 = dZ5ᵀ A4, and dZ4 = dA4 ⊙ A4 ⊙ (1 − A4).
    const lit = await page
      .locator('li.named [role=group]')
      .evaluateAll(list => list.map(one => one.getAttribute('aria-label')!.split(':')[0]));
    expect(lit).toEqual(['A4', 'Z5', 'dW5', 'dZ4']);
    // An edited weight is followed.
    const before = await elements(page, /^Z1:/);
    await page.getByRole('textbox', { name: 'w1' }).fill('0.5');
    await page.getByRole('textbox', { name: 'w1' }).press('Enter');
    await expect.poll(() => elements(page, /^Z1:/)).toEqual(['0.5']);
    expect(before).toEqual(['0.8']);
  });

  test('the softmax is P − T; and of what has no layers it is said what has', async () => {
    const page = await open('#/backward?e=u%2Bv&view=matrices', { language: 'ko' });
    await page.getByText(/^이 식은 층의 모양이 아니어서/).waitFor();
    await page.getByRole('button', { name: '소프트맥스와 교차 엔트로피' }).click();
    await page.getByRole('group', { name: 'dZ: 손실로부터' }).waitFor();
    const [p, d] = [await elements(page, /^P:/), await elements(page, /^dZ:/)];
    const numbers = (texts: string[]): number[] => texts.map(text => Number(text.replace('−', '-')));
    expect(numbers(p)[0] - 1).toBeCloseTo(numbers(d)[0], 3);
    expect(d.slice(1)).toEqual(p.slice(1));
  });
});
