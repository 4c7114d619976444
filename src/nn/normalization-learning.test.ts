/** What normalization is for, in small: a deep net from a bad start learns with it, and not without; averaged weights need their statistics anew. */
import { describe, expect, it } from 'vitest';
import { noGrad } from '../autograd/mode.ts';
import { crossEntropy } from '../loss/index.ts';
import '../ops/index.ts';
import { Adam, SGD } from '../optim/index.ts';
import { manualSeed, Random } from '../random.ts';
import { tensor } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { WeightAverage } from '../train/averaging.ts';
import { ReLU } from './activations.ts';
import { BatchNorm1d, recalibrateBatchNorm } from './batch-norm.ts';
import { initialize } from './initialize.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import type { Module } from './module.ts';
import { Sequential } from './sequential.ts';

/** Two rings, one around the other: no line divides them. */
function rings(n: number, name: string): { x: Tensor; labels: Tensor } {
  const stream = new Random(9).stream(name);
  const [values, classes]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    const [radius, angle] = [(i % 2 === 0 ? 1 : 2) + 0.15 * stream.normal(), 2 * Math.PI * stream.uniform()];
    values.push(1000 + radius * Math.cos(angle), radius * Math.sin(angle)); // far from 0 in one feature
    classes.push(i % 2);
  }
  return { x: tensor(values, { shape: [n, 2] }), labels: tensor(classes) };
}

const train = rings(256, 'train');
const test = rings(400, 'test');

function accuracy(model: Module): number {
  const guess = step(() => noGrad(() => [...model.forward(test.x).argmax(1).toArray()]));
  const right = test.labels.toArray();
  return guess.filter((label, i) => label === right[i]).length / guess.length;
}

function learn(model: Module, steps: number, lr: number): Module {
  initialize(model, { name: 'normal', std: 0.005 });
  const optimizer = new Adam(model.parameters(), { lr });
  for (let i = 0; i < steps; i++) {
    step(() => {
      optimizer.zeroGrad();
      crossEntropy(model.forward(train.x), train.labels).backward();
      optimizer.step();
    });
  }
  return model.eval();
}

type Block = (width: number) => Module[];
const deep = (block: Block): Module =>
  new Sequential(new BatchNorm1d(2), ...[2, 24, 24, 24, 24, 24].flatMap(n => [new Linear(n, 24), ...block(24)]), new Linear(24, 2));

describe('a net of six hidden layers, from weights far too small', () => {
  it.each<[string, Block]>([
    ['batch norm before the activation', n => [new BatchNorm1d(n), new ReLU()]],
    ['batch norm after the activation', n => [new ReLU(), new BatchNorm1d(n)]],
    ['layer norm', n => [new LayerNorm(n), new ReLU()]],
  ])('learns with %s', (_, block) => {
    manualSeed(1);
    expect(accuracy(learn(deep(block), 120, 0.01))).toBeGreaterThan(0.97);
  });

  it('does not without', () => {
    manualSeed(1);
    expect(
      accuracy(
        learn(
          deep(() => [new ReLU()]),
          120,
          0.01,
        ),
      ),
    ).toBeLessThan(0.7);
  });
});

it('averaged weights infer well once their running statistics are gathered anew', () => {
  manualSeed(2);
  const model = learn(
    deep(n => [new BatchNorm1d(n), new ReLU()]),
    120,
    0.01,
  ).train();
  const optimizer = new SGD(model.parameters(), { lr: 0.2 });
  const average = new WeightAverage(model, { kind: 'swa' });
  for (let i = 0; i < 20; i++) {
    step(() => {
      optimizer.zeroGrad();
      crossEntropy(model.forward(train.x), train.labels).backward();
      optimizer.step();
    });
    average.update();
  }
  // Statistics that belong to no weights at all, as a fresh model would have them.
  for (const [, layer] of model.namedModules()) if (layer instanceof BatchNorm1d) layer.resetRunningStats();
  average.with(() => {
    const before = accuracy(model.eval());
    recalibrateBatchNorm(model, [train.x]);
    expect(before).toBeLessThan(0.8);
    expect(accuracy(model)).toBeGreaterThan(0.97);
  });
});
