/** Several models asked together. */
import { UserError } from '../errors.ts';
import { log } from '../math.ts';
import { sub } from '../ops/arithmetic.ts';
import { concat, narrow, stack } from '../ops/movement.ts';
import { logsumexp, mean } from '../ops/reduction.ts';
import { logSoftmax } from '../ops/softmax.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

export interface EnsembleOptions {
  /** What is averaged: 'probability' of classes, for models whose output is logits; 'output' itself, for values. Default 'probability'. */
  readonly average?: 'probability' | 'output';
  /** For members with several heads: the columns of each, whose probabilities are averaged apart. Default: all columns are one head's. */
  readonly sizes?: readonly number[];
}

/**
 * The average of k models:
 *
 *     y = log p̄,   p̄ = (1/k) Σᵢ softmax(modelᵢ(x))        'probability'
 *     y = (1/k) Σᵢ modelᵢ(x)                               'output'
 *
 * The logarithm makes the output logits again, softmax(log p̄) = p̄, so that `evaluate`, `predictProbabilities` and `crossEntropy` take an ensemble
 * as they take any model. Members are named by position, and saved as one model: `0.1.weight`, `1.1.weight`, ...
 *
 * Source: Hansen and Salamon 1990; Lakshminarayanan et al. 2017, section 2.4.
 */
export class Ensemble extends Module {
  readonly average: 'probability' | 'output';
  private readonly members: readonly Module[];
  private readonly sizes: readonly number[] | null;

  constructor(members: readonly Module[], { average = 'probability', sizes }: EnsembleOptions = {}) {
    super();
    if (members.length === 0) throw new UserError('Ensemble: there are no members; give at least one model');
    if (average !== 'probability' && average !== 'output')
      throw new UserError(`Ensemble: average is '${String(average)}'; allowed are 'probability' and 'output'`);
    if (sizes !== undefined && (sizes.length === 0 || !sizes.every(size => Number.isInteger(size) && size >= 1)))
      throw new UserError(`Ensemble: sizes are [${sizes.join(', ')}]; each must be a whole number of at least 1`);
    this.average = average;
    this.sizes = sizes ?? null;
    this.members = [...members];
  }

  get length(): number {
    return this.members.length;
  }

  at(index: number): Module | undefined {
    return this.members.at(index);
  }

  override namedChildren(): [string, Module][] {
    return this.members.map((member, i) => [String(i), member]);
  }

  forward(input: Tensor): Tensor {
    const outputs = this.members.map((member, i) => member.call(input, String(i)));
    if (this.average === 'output') return mean(stack(outputs), 0);
    return sub(logsumexp(stack(outputs.map(output => this.logProbabilities(output))), 0), log(outputs.length));
  }

  private logProbabilities(output: Tensor): Tensor {
    if (this.sizes === null) return logSoftmax(output);
    let column = 0;
    const heads = this.sizes.map(size => {
      column += size;
      return logSoftmax(narrow(output, 1, column - size, size));
    });
    return concat(heads, 1);
  }
}
