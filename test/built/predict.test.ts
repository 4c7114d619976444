import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { beforeAll, expect, test } from 'vitest';
import { digits } from '../../src/data/digits/digits.ts';
import { encodeIdx } from '../../src/data/idx.ts';
import { jsonLines, place } from './command.ts';

const { folder, run } = place();
const shown = digits({ seed: 5, train: 40, test: 0 }).train;

/** Image i, dark on light, enlarged and put into a corner of a larger sheet: as a scan might be. */
function scan(i: number): Uint8Array {
  const [side, scale, left, top] = [200, 4, 70, 20];
  const data = new Uint8Array(side * side).fill(240);
  const image = shown.raw(i);
  for (let y = 0; y < 28 * scale; y++) {
    for (let x = 0; x < 28 * scale; x++) {
      const ink = image[Math.floor(y / scale) * 28 + Math.floor(x / scale)];
      data[(top + y) * side + left + x] = 240 - Math.round((ink * 220) / 255);
    }
  }
  return encode({ width: side, height: side, data, depth: 8, channels: 1 });
}

beforeAll(async () => {
  const trained = await run('train digits --digits-train 3000 --test 100 --validation 200 --hidden 64 --epochs 4 --quiet --out runs/a');
  expect(trained.code).toBe(0);
});

test('scans of digits are recognized as the digits themselves are', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `scan-${i}.png`);
  for (const [i, name] of names.entries()) writeFileSync(join(folder, name), scan(i));
  const all = new Uint8Array(40 * 784);
  for (let i = 0; i < 40; i++) all.set(shown.raw(i), i * 784);
  writeFileSync(join(folder, 'all-idx3-ubyte'), encodeIdx(all, [40, 28, 28]));
  const answers = jsonLines((await run(`predict runs/a all-idx3-ubyte ${names.join(' ')} --json`)).out) as never as {
    class: string;
    file: string;
    probability: number;
    probabilities: Record<string, number>;
  }[];
  expect(answers).toHaveLength(80);
  const right = (from: number): number => answers.slice(from, from + 40).filter((one, i) => Number(one.class) === shown.target(i)).length;
  // Chance is 4 of 40.
  expect(right(0)).toBeGreaterThan(28);
  expect(right(40)).toBeGreaterThan(right(0) - 6);
  for (const { probabilities, probability } of answers) {
    expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(Math.max(...Object.values(probabilities))).toBe(probability);
  }
});

test('the picture is drawn with three answers beside or under it; more than --draw are lines of a table', async () => {
  const { out, code } = await run('predict runs/a scan-3.png all-idx3-ubyte --draw 2');
  expect(code).toBe(0);
  expect(out.match(/━|─/g)!.length).toBeGreaterThan(3 * 16);
  expect(out).toContain('scan-3.png');
  expect(out).toContain('all-idx3-ubyte #0');
  expect(out).toMatch(/^image +class +probability +then/m);
  expect(out).toMatch(/^all-idx3-ubyte #39 /m);
});

test('--raw takes a picture of the right size as it is, and no other', async () => {
  writeFileSync(join(folder, 'raw.png'), encode({ width: 28, height: 28, data: Uint8Array.from(shown.raw(7)), depth: 8, channels: 1 }));
  const [raw] = jsonLines((await run('predict runs/a raw.png --raw --json')).out);
  const [same] = jsonLines((await run('predict runs/a all-idx3-ubyte --json')).out).slice(7);
  // One image is multiplied another way than forty: the last bits differ.
  for (const [name, p] of Object.entries(same.probabilities as Record<string, number>)) {
    expect((raw.probabilities as Record<string, number>)[name]).toBeCloseTo(p, 5);
  }
  const refused = await run('predict runs/a scan-3.png --raw');
  expect(refused.err).toBe(
    'chainrule: scan-3.png: 200 x 200 pixels; the model takes 28 x 28, and with --raw a picture is taken as it is\n',
  );
  expect(refused.code).toBe(1);
});
