// The first images of MNIST's training set and their labels as one file of bytes, which every library reads: images one after another, then labels.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** 200 batches of 128: enough that a net does not know them by heart after a few turns. */
export const IMAGES = 25_600;
export const PIXELS = 784;
/** How bytes become numbers, as the library's own loader does it by default. */
const normalized = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - 0.1307) / 0.3081);

/** The file's path, also in the environment for processes that are started from here. It is written where it is not there. */
export async function digitsFile() {
  const known = process.env.CHAINRULE_BENCH_DIGITS;
  if (known !== undefined) return known;
  const file = join(tmpdir(), `chainrule-bench-${process.getuid?.() ?? 0}-${IMAGES}.bin`);
  if (!existsSync(file) || statSync(file).size !== IMAGES * (PIXELS + 1)) await write(file);
  process.env.CHAINRULE_BENCH_DIGITS = file;
  return file;
}

async function write(file) {
  const { load } = await import('./load.mjs');
  const { mnist } = await load('bench/surface.ts');
  const beside = fileURLToPath(new URL('../../shared/data/mnist', import.meta.url));
  const data = process.env.CHAINRULE_DATA || (existsSync(beside) ? beside : undefined);
  const { train } = await mnist(data === undefined ? {} : { data });
  const bytes = new Uint8Array(IMAGES * (PIXELS + 1));
  const labels = new Float32Array(IMAGES);
  train.fillTargets(
    Uint32Array.from({ length: IMAGES }, (_, i) => i),
    labels,
  );
  for (let i = 0; i < IMAGES; i++) {
    bytes.set(train.raw(i), i * PIXELS);
    bytes[IMAGES * PIXELS + i] = labels[i];
  }
  writeFileSync(`${file}.${process.pid}`, bytes);
  renameSync(`${file}.${process.pid}`, file);
}

/** Normalized pixels of all images, and their labels. */
export async function digits() {
  const bytes = readFileSync(await digitsFile());
  return {
    x: Float32Array.from(bytes.subarray(0, IMAGES * PIXELS), byte => normalized[byte]),
    labels: Uint8Array.from(bytes.subarray(IMAGES * PIXELS)),
  };
}
