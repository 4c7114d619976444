/** What a classifier of images makes of them: of a drawing, of every example of a part, and what its first layer looks for. */
import { noGrad } from '../../../src/autograd/mode.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { normalizeDigit, SIDE } from '../../../src/data/normalize-digit.ts';
import { UserError } from '../../../src/errors.ts';
import type { Module } from '../../../src/nn/module.ts';
import { softmax } from '../../../src/ops/softmax.ts';
import { step } from '../../../src/tensor/scope.ts';
import { emptyTensor } from '../../../src/tensor/tensor.ts';
import { kernelsOf } from '../../../src/train/evaluate.ts';
import { blocksOf } from './observe.ts';
import type { Answer, Part, Readings } from './protocol.ts';

const batchSize = 500;

/** Probabilities [count, classes] for inputs as a dataset gives them. Leaves the model in the mode it was in. */
function probabilitiesOf(model: Module, x: Float32Array, shape: readonly number[], classes: number): Float32Array {
  const { training } = model;
  model.eval();
  try {
    return step(() =>
      noGrad(() => {
        const output = model.call(emptyTensor([...shape], kernelsOf(model)).set(x));
        if (output.shape.length !== 2 || output.shape[1] !== classes) {
          throw new UserError(
            `the net gives outputs of shape [${output.shape.join(', ')}]; one for each of ${classes} classes was expected`,
          );
        }
        return Float32Array.from(softmax(output).toArray());
      }),
    );
  } finally {
    model.train(training);
  }
}

/** A grey picture [side, side] of dark ink on light paper, normalized as MNIST's images were, and read. Null where there is no ink. */
export function readDrawing(
  model: Module,
  like: Dataset,
  gray: Uint8Array,
  side: number,
): Extract<Answer, { about: 'drawing' }>['reading'] {
  if (gray.every(value => value === gray[0])) return null;
  const image = normalizeDigit(gray, side, side, { ink: 'dark' });
  const { scale, mean, std } = like.info().normalization;
  const x = Float32Array.from(image, byte => (byte * scale - mean) / std);
  return { image, probabilities: probabilitiesOf(model, x, [1, 1, SIDE, SIDE], like.classNames.length) };
}

/** Every example of a part, read. */
export async function readAll(model: Module, data: Dataset, part: Part, atStep: number): Promise<Readings> {
  const n = data.length;
  const readings = {
    truths: Uint8Array.from({ length: n }, (_, i) => data.target(i)),
    readAs: new Uint8Array(n),
    probability: new Float32Array(n),
    truthProbability: new Float32Array(n),
  };
  const classes = data.classNames.length;
  const size = data.featureShape.reduce((product, length) => product * length, 1);
  for (let from = 0; from < n; from += batchSize) {
    const count = Math.min(batchSize, n - from);
    const x = new Float32Array(count * size);
    await data.fillBatch(
      Uint32Array.from({ length: count }, (_, i) => from + i),
      x,
      new Float32Array(count),
    );
    const probabilities = probabilitiesOf(model, x, [count, ...data.featureShape], classes);
    for (let i = 0; i < count; i++) {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      const readAs = row.indexOf(Math.max(...row));
      readings.readAs[from + i] = Math.max(0, readAs);
      readings.probability[from + i] = row[Math.max(0, readAs)];
      readings.truthProbability[from + i] = row[readings.truths[from + i]];
    }
  }
  return { part, step: atStep, ...readings };
}

/** Images as they are stored, one after another. */
export function imagesOf(data: Dataset, indices: readonly number[]): Uint8Array {
  const size = data.featureShape.reduce((product, length) => product * length, 1);
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => {
    pixels.set(data.raw(index) as Uint8Array, i * size);
  });
  return pixels;
}

/** The weights into the first units of the first layer, and how many units it has. */
export function filtersOf(model: Module, most: number): Omit<Extract<Answer, { about: 'filters' }>, 'about'> {
  const first = blocksOf(model)[0]?.linear;
  if (first === undefined) return { filters: null, units: 0 };
  const outputs = Math.min(most, first.outFeatures);
  const weight = Float32Array.from(first.weight.toArray().subarray(0, outputs * first.inFeatures));
  return { filters: { outputs, inputs: first.inFeatures, weight, bias: null }, units: first.outFeatures };
}
