/** What a run gives to other tools and takes from them, by the commands of docs/interchange.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectComplaint, jsonLines, place } from './command.ts';

const { folder, run } = place();
const SMALL = 'digits --digits-train 600 --test 200 --validation 100 --hidden 16 --batch-size 32';
const test200 = async (words: string): Promise<unknown> => jsonLines((await run(`${words} --json`)).out)[0].logs;
let weights: string;

beforeAll(async () => {
  expect((await run(`train ${SMALL} --epochs 2 --out runs/first --quiet`)).err).toBe('');
  const latest = readFileSync(join(folder, 'runs/first/checkpoints/latest'), 'utf8').trim();
  weights = `runs/first/checkpoints/${latest}/model.safetensors`;
});

describe('weights of a safetensors file', () => {
  test('are what training begins with, and what evaluate measures', async () => {
    expect((await run(`train ${SMALL} --seed 2 --init-from ${weights} --epochs 0 --out runs/taken --quiet`)).err).toBe('');
    const saved = JSON.parse(readFileSync(join(folder, 'runs/taken/experiment.json'), 'utf8'));
    expect(saved.model.initFrom).toBe(join(folder, weights));
    const figures = await test200('evaluate runs/first');
    expect(await test200('evaluate runs/taken')).toEqual(figures);
    expect((await run(`train ${SMALL} --seed 3 --epochs 0 --out runs/untrained --quiet`)).err).toBe('');
    expect(await test200('evaluate runs/untrained')).not.toEqual(figures);
    expect(await test200(`evaluate runs/untrained --weights ${weights}`)).toEqual(figures);
  });

  test('of another model, or of no file, are refused before a run is made', async () => {
    const other = await run(`train ${SMALL} --hidden 8 --init-from ${weights} --out runs/other`);
    expectComplaint(
      other,
      1,
      /model\.safetensors: the state is of another model: '1\.weight' is \[16, 784\] there and \[8, 784\] in the model/,
    );
    expectComplaint(await run('train digits --init-from no.safetensors --out runs/other'), 1, 'no.safetensors: there is no such file');
    expect(readdirSync(join(folder, 'runs'))).not.toContain('other');
  });
});
