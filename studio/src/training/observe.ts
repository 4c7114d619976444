/** Looks into a model without changing a bit of its training: the plane as it sees it, its weights, the numbers in its layers. */
import { grad } from '../../../src/autograd/backward.ts';
import { noGrad } from '../../../src/autograd/mode.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { Linear } from '../../../src/nn/linear.ts';
import { type Module, observeForward } from '../../../src/nn/module.ts';
import { Random, withRandom } from '../../../src/random.ts';
import { step } from '../../../src/tensor/scope.ts';
import { emptyTensor, type Tensor } from '../../../src/tensor/tensor.ts';
import { kernelsOf } from '../../../src/train/evaluate.ts';
import { summaryOf } from '../../../src/train/statistics.ts';
import type { LossFunction } from '../../../src/train/trainer.ts';
import type { LayerLook, LayerWeights, PlaneLook } from './protocol.ts';

const bins = 24;

/** A layer with weights, and the modules after it up to the next one. */
interface Block {
  readonly linear: Linear;
  readonly kinds: readonly string[];
  /** The path of its last module. */
  readonly end: string;
}

/** The blocks of a net of layers one after the other. */
export function blocksOf(model: Module): Block[] {
  const blocks: { linear: Linear; kinds: string[]; end: string }[] = [];
  for (const [path, module] of model.namedModules()) {
    if (module.namedChildren().length > 0) continue;
    if (module instanceof Linear) blocks.push({ linear: module, kinds: [module.constructor.name], end: path });
    else if (blocks.length > 0) {
      const block = blocks[blocks.length - 1];
      block.kinds.push(module.constructor.name);
      block.end = path;
    }
  }
  return blocks;
}

export function weightsOf(model: Module): LayerWeights[] {
  return blocksOf(model).map(({ linear: { weight, bias, inFeatures, outFeatures } }) => ({
    outputs: outFeatures,
    inputs: inFeatures,
    weight: Float32Array.from(weight.toArray()),
    bias: bias === null ? null : Float32Array.from(bias.toArray()),
  }));
}

/** Runs `look` in inference mode, and leaves the model in the mode it was in. */
function asInference<T>(model: Module, look: () => T): T {
  const { training } = model;
  model.eval();
  try {
    return step(() => noGrad(look));
  } finally {
    model.train(training);
  }
}

/** The outputs for inputs [count, ...features], in inference mode. */
export function outputsOf(model: Module, x: Float32Array, shape: readonly number[]): Float32Array {
  return asInference(model, () => Float32Array.from(model.call(emptyTensor([...shape], kernelsOf(model)).set(x)).toArray()));
}

/** The middle of each cell of a grid over the plane: rows from the top down, as pictures have them. */
export function gridPoints(grid: number, reach: number): Float32Array {
  const x = new Float32Array(grid * grid * 2);
  for (let row = 0, at = 0; row < grid; row++) {
    for (let column = 0; column < grid; column++) {
      x[at++] = reach * ((2 * column + 1) / grid - 1);
      x[at++] = reach * (1 - (2 * row + 1) / grid);
    }
  }
  return x;
}

export function planeOf(model: Module, grid: number, reach: number, isClass: boolean, withUnits: boolean): PlaneLook {
  const cells = grid * grid;
  const hidden = blocksOf(model).slice(0, -1);
  const found = new Map<string, Float32Array>();
  const output = asInference(model, () => {
    const x = emptyTensor([cells, 2], kernelsOf(model)).set(gridPoints(grid, reach));
    const watch = (path: string, _module: Module, _input: Tensor, out: Tensor): void => {
      if (hidden.some(block => block.end === path)) found.set(path, Float32Array.from(out.toArray()));
    };
    return Float32Array.from((withUnits ? observeForward(watch, () => model.call(x)) : model.call(x)).toArray());
  });
  const units = withUnits ? hidden.map(({ end, linear }) => unitMaps(found.get(end)!, cells, linear.outFeatures)) : null;
  return { grid, reach, ...decisionOf(output, cells, isClass), units };
}

function decisionOf(values: Float32Array, cells: number, isClass: boolean): Pick<PlaneLook, 'output' | 'winner'> {
  const output = new Int8Array(cells);
  const width = values.length / cells;
  if (!isClass) {
    for (let i = 0; i < cells; i++) output[i] = signedByte(values[i * width]);
    return { output, winner: null };
  }
  if (width === 2) {
    // p(1) - p(0) of a softmax over two is tanh of half the difference of its logits.
    for (let i = 0; i < cells; i++) output[i] = signedByte(Math.tanh((values[2 * i + 1] - values[2 * i]) / 2));
    return { output, winner: null };
  }
  const winner = new Uint8Array(cells);
  for (let i = 0; i < cells; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    let best = 0;
    for (let c = 1; c < width; c++) if (row[c] > row[best]) best = c;
    let sum = 0;
    let second = 0;
    for (let c = 0; c < width; c++) {
      const p = Math.exp(row[c] - row[best]);
      sum += p;
      if (c !== best) second = Math.max(second, p);
    }
    winner[i] = best;
    output[i] = signedByte((1 - second) / sum);
  }
  return { output, winner };
}

function unitMaps(values: Float32Array, cells: number, width: number): { width: number; values: Int8Array; scales: Float32Array } {
  const maps = new Int8Array(cells * width);
  const scales = new Float32Array(width);
  for (let i = 0; i < values.length; i++) scales[i % width] = Math.max(scales[i % width], Math.abs(values[i]));
  for (let unit = 0; unit < width; unit++) {
    const scale = scales[unit] || 1;
    for (let i = 0; i < cells; i++) maps[unit * cells + i] = signedByte(values[i * width + unit] / scale);
  }
  return { width, values: maps, scales };
}

function signedByte(value: number): number {
  return Math.round(127 * Math.min(1, Math.max(-1, value)));
}

/** The first examples of a part as a batch, always the same. */
export interface FixedBatch {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly xShape: readonly number[];
  readonly yShape: readonly number[];
}

/** @param most how many examples, where there are as many */
export function fixedBatch(data: Dataset, most: number): FixedBatch {
  const n = Math.min(most, data.length);
  const xShape = [n, ...data.featureShape];
  const yShape = [n, ...data.targetShape];
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  const x = new Float32Array(sizeOf(xShape));
  const y = new Float32Array(sizeOf(yShape));
  void data.fillBatch(
    Uint32Array.from({ length: n }, (_, i) => i),
    x,
    y,
  );
  return { x, y, xShape, yShape };
}

/**
 * One pass forward and back in training mode, with masks of its own and the statistics of batch norms put back: what a step sees, without taking one.
 */
export function layersOf(model: Module, batch: FixedBatch, loss: LossFunction): LayerLook[] {
  const blocks = blocksOf(model);
  const kernels = kernelsOf(model);
  const buffers = model.namedBuffers().map(([, buffer]) => [buffer, buffer.toArray()] as const);
  const { training } = model;
  model.train();
  try {
    return withRandom(new Random(0), () =>
      step(() => {
        const x = emptyTensor([...batch.xShape], kernels).set(batch.x);
        const y = emptyTensor([...batch.yShape], kernels).set(batch.y);
        const outputs = new Map<string, Tensor>();
        const output = observeForward(
          (path, _module, _input, out) => outputs.set(path, out),
          () => model.call(x),
        );
        const wanted = [...blocks.map(({ end }) => outputs.get(end)!), ...blocks.map(({ linear }) => linear.weight)];
        const gradients = grad(loss(output, y), wanted, { allowUnused: true });
        const look = (tensor: Tensor | null | undefined) => summaryOf(tensor?.toArray() ?? [], bins);
        return blocks.map(({ kinds, end }, i) => ({
          kinds,
          activation: look(outputs.get(end)),
          gradient: look(gradients[i]),
          weightGradient: look(gradients[blocks.length + i]),
        }));
      }),
    );
  } finally {
    for (const [buffer, values] of buffers) buffer.set(values);
    model.train(training);
  }
}
