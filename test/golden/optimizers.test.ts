/** Every first-order optimizer against PyTorch: 25 steps of a small MLP, and one whole training run. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blasBackends } from '../../src/backend/blas/node/testing.ts';
import { type BackendName, withBackend } from '../../src/backend/current.ts';
import { crossEntropy, mseLoss } from '../../src/loss/index.ts';
import { linear, relu, tanh } from '../../src/ops/index.ts';
import { Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RMSprop, SGD } from '../../src/optim/index.ts';
import { makeSchedule, type ScheduleOptions, Scheduler } from '../../src/schedule/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { step } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Nested = number[] | number[][];
const optimizers = { SGD, Adagrad, RMSprop, Adam, AdamW, NAdam, Adamax, Adadelta };

interface Case {
  readonly optimizer: keyof typeof optimizers;
  readonly options: Record<string, unknown> & { readonly gamma?: number };
  readonly losses: number[];
  readonly params: Record<string, Nested[]>;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const golden = read<{ x: Nested; y: Nested; start: Nested[]; cases: Case[] }>('optimizers.json');

const leaf = (values: Nested): Tensor => tensor(values as number[], { requiresGrad: true });

/** The largest error of a tensor's elements, relative to its largest element. */
function relativeError(got: ArrayLike<number>, want: Nested): number {
  const flat = want.flat();
  const scale = Math.max(...flat.map(Math.abs));
  return Math.max(...flat.map((value, i) => Math.abs(got[i] - value) / scale));
}

/** The worst relative error over all losses and all parameters shown. */
function replay({ optimizer: name, options: { gamma, ...options }, losses, params: shown }: Case, backendName: BackendName): number {
  return withBackend(backendName, () => {
    const params = golden.start.map(leaf);
    const [x, y] = [tensor(golden.x as number[]), tensor(golden.y as number[])];
    const optimizer = new optimizers[name](params, options);
    const loss = (): Tensor => mseLoss(linear(tanh(linear(x, params[0], params[1])), params[2], params[3]), y);
    const scheduler = gamma === undefined ? null : new Scheduler(optimizer, makeSchedule({ name: 'exponential', gamma }));
    let worst = 0;
    losses.forEach((want, i) => {
      scheduler?.beforeStep(i, 0);
      worst = Math.max(worst, Math.abs(optimizer.step(loss) - want) / Math.abs(want));
      for (const [p, values] of (shown[String(i + 1)] ?? []).entries()) worst = Math.max(worst, relativeError(params[p].toArray(), values));
    });
    return worst;
  });
}

const title = ({ optimizer, options }: Case): string => `${optimizer} ${JSON.stringify(options)}`;

describe('25 steps of a small MLP', () => {
  it.each(golden.cases.map(c => [title(c), c] as const))('%s, in double precision', (_, c) => {
    expect(replay(c, 'reference64')).toBeLessThan(1e-12);
  });

  it.each(golden.cases.map(c => [title(c), c] as const))('%s, in float32', (_, c) => {
    expect(replay(c, 'wasm')).toBeLessThan(1e-5);
  });
});

describe('a whole training run: 4-8-3, Adam and a stepped rate, 50 steps', () => {
  const run = read<{
    x: number[][];
    labels: number[];
    start: Nested[];
    batchSize: number;
    optimizer: { lr: number };
    schedule: ScheduleOptions;
    losses: number[];
    rates: number[];
    end: Nested[];
  }>('training.json');

  const replayed = (backendName: BackendName): { losses: number[]; rates: number[]; end: ArrayLike<number>[] } =>
    withBackend(backendName, () => {
      const params = run.start.map(leaf);
      const optimizer = new Adam(params, run.optimizer);
      const scheduler = new Scheduler(optimizer, makeSchedule(run.schedule));
      const rates: number[] = [];
      const losses = run.losses.map((_, t) => {
        const rows = Array.from({ length: run.batchSize }, (_, i) => (t * run.batchSize + i) % run.x.length);
        scheduler.beforeStep(t, 0);
        rates.push(optimizer.lr);
        return step(() => {
          const x = tensor(rows.map(row => run.x[row]));
          const labels = tensor(rows.map(row => run.labels[row]));
          const loss = crossEntropy(linear(relu(linear(x, params[0], params[1])), params[2], params[3]), labels);
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          return loss.item();
        });
      });
      return { losses, rates, end: params.map(p => p.toArray()) };
    });

  it.each<readonly [BackendName, number]>([
    ['reference64', 1e-12],
    ['wasm', 1e-5],
    ...blasBackends.map(({ name }) => [name, 1e-5] as const),
  ])('%s', (backendName, tolerance) => {
    const { losses, rates, end } = replayed(backendName);
    expect(rates).toEqual(run.rates);
    expect(relativeError(losses, run.losses)).toBeLessThan(tolerance);
    for (const [i, values] of run.end.entries()) expect(relativeError(end[i], values)).toBeLessThan(tolerance);
  });
});
