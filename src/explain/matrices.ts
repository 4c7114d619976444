/** The backward pass of a small net in matrices: the last layer, then from layer to layer. */
import { grad } from '../autograd/backward.ts';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { linear, relu, sigmoid, tanh } from '../ops/index.ts';
import { Random } from '../random.ts';
import { tensor } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NetActivation } from './presets.ts';

export interface MatricesOptions {
  /** Sizes of the layers, inputs first; each from 1 to 9. Default [2, 2, 1]. */
  readonly layers?: readonly number[];
  /** After each hidden layer. Default 'sigmoid'. */
  readonly activation?: NetActivation;
  /** 'squared': the mean of (Ŷ - T)² over all elements, as `mseLoss`; 'crossEntropy': on logits, as `crossEntropy`. Default 'squared'. */
  readonly loss?: 'squared' | 'crossEntropy';
  /** Examples in the batch, from 1 to 9. Default 2. */
  readonly batch?: number;
  /** For inputs, targets and weights, tenths from -1 to 1. Default 0. */
  readonly seed?: number;
  /**
   * Values by the names that `expandNet` gives (x1, w1_12, b1_1, t1); those left out are drawn. Then the pass is that of the graph, number by number: one
   * example, squared errors summed and not averaged, class 0 the right one.
   */
  readonly values?: Readonly<Record<string, number>>;
}

/** A matrix, and how it came about. */
export interface MatrixStep {
  /** 'Z1', 'dW2' */
  readonly name: string;
  /** 'dW2 = dZ2ᵀ A1'; of what is given, its name */
  readonly equation: string;
  /** what the step is, in words */
  readonly meaning: string;
  readonly rows: readonly (readonly number[])[];
}

export interface MatrixPass {
  readonly layers: readonly number[];
  readonly activation: NetActivation;
  readonly loss: 'squared' | 'crossEntropy';
  readonly inputs: readonly MatrixStep[];
  readonly forward: readonly MatrixStep[];
  readonly value: number;
  /** from the last layer to the first; dM is ∂L/∂M */
  readonly backward: readonly MatrixStep[];
  /** each parameter's gradient against central differences: the largest error, relative to the largest element */
  readonly check: readonly { readonly name: string; readonly relativeError: number }[];
}

const activations = { sigmoid, tanh, relu } as const;
const derivatives = {
  sigmoid: (a: string) => `${a} ⊙ (1 − ${a})`,
  tanh: (a: string) => `(1 − ${a}²)`,
  relu: (a: string) => `(${a} > 0)`,
} as const;
const signs = { sigmoid: 'σ', tanh: 'tanh', relu: 'relu' } as const;

interface Net {
  readonly x: Tensor;
  readonly target: Tensor;
  readonly weights: Tensor[];
  readonly biases: Tensor[];
}

/**
 * A small net forward and backward, in matrices: Z = A Wᵀ + b and A = f(Z) forward; backward dZ of the last layer from the loss, and for each layer
 * dW = dZᵀ A, db = Σ dZ, and on to the layer before by dA = dZ W and dZ = dA ⊙ f'(Z). All of it in double precision by the library's own
 * ops and autograd; beside it a check by central differences.
 */
export function explainMatrices({
  layers = [2, 2, 1],
  activation = 'sigmoid',
  loss = 'squared',
  batch = 2,
  seed = 0,
  values,
}: MatricesOptions = {}): MatrixPass {
  const small = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= 9;
  if (layers.length < 2 || layers.length > 9 || !layers.every(small))
    throw new UserError(`explain: layers are [${layers.join(', ')}]; give 2 to 9 sizes, each from 1 to 9, inputs first`);
  if (!Object.hasOwn(activations, activation))
    throw new UserError(`explain: unknown activation '${String(activation)}'; allowed are sigmoid, tanh, relu`);
  if (loss !== 'squared' && loss !== 'crossEntropy')
    throw new UserError(`explain: unknown loss '${String(loss)}'; allowed are squared, crossEntropy`);
  if (loss === 'crossEntropy' && layers[layers.length - 1] < 2)
    throw new UserError('explain: cross-entropy needs at least 2 outputs; the net has 1');
  if (!small(batch)) throw new UserError(`explain: batch is ${batch}; it must be a whole number from 1 to 9`);
  const examples = values === undefined ? batch : 1;
  return withBackend('reference64', () =>
    step(() => pass(makeNet(layers, loss, examples, seed, values), layers, activation, loss, values === undefined ? 'mean' : 'sum')),
  );
}

function makeNet(layers: readonly number[], loss: string, batch: number, seed: number, values: Readonly<Record<string, number>> = {}): Net {
  const random = new Random(seed);
  const draw = (name: string, shape: number[]): Tensor => {
    const stream = random.stream(`explain ${name}`);
    const size = shape.reduce((a, b) => a * b, 1);
    const tenths = Array.from({ length: size }, () => stream.int(20)).map(k => (k < 10 ? k - 10 : k - 9) / 10);
    const given = tenths.map((tenth, i) => values[nameInGraph(name, i, shape)] ?? tenth);
    return tensor(given, { shape, name });
  };
  const outputs = layers[layers.length - 1];
  const classes = Array.from({ length: batch }, (_, i) => i % outputs);
  const net = {
    x: draw('X', [batch, layers[0]]),
    target: loss === 'squared' ? draw('T', [batch, outputs]) : tensor(classes, { name: 'T' }),
    weights: layers.slice(1).map((out, i) => draw(`W${i + 1}`, [out, layers[i]])),
    biases: layers.slice(1).map((out, i) => draw(`b${i + 1}`, [out])),
  };
  for (const parameter of [...net.weights, ...net.biases]) parameter.requiresGrad = true;
  return net;
}

/** What `expandNet` calls an element: of W1 the element [0, 1] is w1_12, of b1 the first b1_1, of X x1. */
function nameInGraph(name: string, i: number, shape: readonly number[]): string {
  const small = name.toLowerCase();
  if (name === 'X' || name === 'T') return `${small}${i + 1}`;
  return shape.length === 1 ? `${small}_${i + 1}` : `${small}_${Math.floor(i / shape[1]) + 1}${(i % shape[1]) + 1}`;
}

function forward(
  net: Net,
  activation: NetActivation,
  loss: string,
  reduction: 'mean' | 'sum',
): { z: Tensor[]; a: Tensor[]; value: Tensor } {
  const z: Tensor[] = [];
  const a: Tensor[] = [net.x];
  net.weights.forEach((weight, i) => {
    z.push(linear(a[i], weight, net.biases[i]));
    if (i < net.weights.length - 1) a.push(activations[activation](z[i]));
  });
  const output = z[z.length - 1];
  return { z, a, value: loss === 'squared' ? mseLoss(output, net.target, { reduction }) : crossEntropy(output, net.target) };
}

function pass(
  net: Net,
  layers: readonly number[],
  activation: NetActivation,
  loss: 'squared' | 'crossEntropy',
  reduction: 'mean' | 'sum',
): MatrixPass {
  const { z, a, value } = forward(net, activation, loss, reduction);
  const wanted = [...z, ...a.slice(1), ...net.weights, ...net.biases];
  const found = new Map(grad(value, wanted).map((gradient, i) => [wanted[i], gradient] as const));
  const rowsOf = (x: Tensor): number[][] => {
    const values = [...x.toArray()];
    const columns = x.rank < 2 ? values.length : x.shape[1];
    return Array.from({ length: values.length / columns }, (_, r) => values.slice(r * columns, (r + 1) * columns));
  };
  const d = (x: Tensor): number[][] => rowsOf(found.get(x)!);
  const last = net.weights.length;
  const input = (l: number): string => (l === 1 ? 'X' : `A${l - 1}`);

  const inputs: MatrixStep[] = [
    { name: 'X', equation: 'X', meaning: 'the inputs, an example a row', rows: rowsOf(net.x) },
    {
      name: 'T',
      equation: 'T',
      meaning: loss === 'squared' ? 'the targets' : 'the right classes, counted from 0',
      rows: loss === 'squared' ? rowsOf(net.target) : [...net.target.toArray()].map(label => [label]),
    },
    ...net.weights.flatMap((weight, i) => [
      { name: `W${i + 1}`, equation: `W${i + 1}`, meaning: `weights of layer ${i + 1}, a unit a row`, rows: rowsOf(weight) },
      { name: `b${i + 1}`, equation: `b${i + 1}`, meaning: `biases of layer ${i + 1}`, rows: rowsOf(net.biases[i]) },
    ]),
  ];
  const forwardSteps: MatrixStep[] = [];
  z.forEach((sum, i) => {
    const l = i + 1;
    forwardSteps.push({
      name: `Z${l}`,
      equation: `Z${l} = ${input(l)} W${l}ᵀ + b${l}`,
      meaning: l === last ? 'the output' : 'weighted sums',
      rows: rowsOf(sum),
    });
    if (l < last)
      forwardSteps.push({ name: `A${l}`, equation: `A${l} = ${signs[activation]}(Z${l})`, meaning: 'activations', rows: rowsOf(a[l]) });
  });

  const backward: MatrixStep[] = [];
  for (let l = last; l >= 1; l--) {
    const [out, n] = [layers[last], net.x.shape[0]];
    const averaged = (count: number): string => (reduction === 'sum' || count === 1 ? '' : ` / ${count}`);
    const first = loss === 'squared' ? `dZ${l} = 2 (Z${l} − T)${averaged(n * out)}` : `dZ${l} = (softmax(Z${l}) − onehot(T))${averaged(n)}`;
    if (l === last) backward.push({ name: `dZ${l}`, equation: first, meaning: 'the last layer: from the loss', rows: d(z[l - 1]) });
    else {
      backward.push({
        name: `dA${l}`,
        equation: `dA${l} = dZ${l + 1} W${l + 1}`,
        meaning: `between the layers: from layer ${l + 1} to layer ${l}`,
        rows: d(a[l]),
      });
      backward.push({
        name: `dZ${l}`,
        equation: `dZ${l} = dA${l} ⊙ ${derivatives[activation](`A${l}`)}`,
        meaning: 'through the activation',
        rows: d(z[l - 1]),
      });
    }
    backward.push({
      name: `dW${l}`,
      equation: `dW${l} = dZ${l}ᵀ ${input(l)}`,
      meaning: `the gradient of the weights of layer ${l}`,
      rows: d(net.weights[l - 1]),
    });
    backward.push({
      name: `db${l}`,
      equation: `db${l} = Σ dZ${l} over the batch`,
      meaning: `and of its biases`,
      rows: d(net.biases[l - 1]),
    });
  }
  const check = [...net.weights, ...net.biases].map(parameter => ({
    name: parameter.name,
    relativeError: differenceError(parameter, found.get(parameter)!, () => forward(net, activation, loss, reduction).value.item()),
  }));
  return { layers: [...layers], activation, loss, inputs, forward: forwardSteps, value: value.item(), backward, check };
}

/** The largest difference from (L(w + h) - L(w - h)) / 2h, relative to the largest element. */
function differenceError(parameter: Tensor, gradient: Tensor, value: () => number): number {
  const values = parameter.toArray();
  const got = gradient.toArray();
  const h = 6e-6;
  let [worst, scale] = [0, 1e-6];
  values.forEach((before, i) => {
    const at = (w: number): number => {
      values[i] = w;
      parameter.set(values);
      return step(value);
    };
    const numerical = (at(before + h) - at(before - h)) / (2 * h);
    at(before);
    worst = Math.max(worst, Math.abs(got[i] - numerical));
    scale = Math.max(scale, Math.abs(numerical), Math.abs(got[i]));
  });
  return worst / scale;
}
