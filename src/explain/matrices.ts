/** The backward pass of a small net in matrices: the last layer, then from layer to layer. */
import { grad } from '../autograd/backward.ts';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { linear, relu, sigmoid, softmax, tanh } from '../ops/index.ts';
import { Random } from '../random.ts';
import { tensor } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { valuesFor } from './explain.ts';
import { type Layered, layersOf } from './layered.ts';
import { expandNet, type NetActivation, presets } from './presets.ts';
import { parse } from './syntax.ts';

export interface MatricesOptions {
  /**
   * An expression in the shape of layers, or the name of a preset that is one: units that are sums of weights times all inputs, with or without a bias, then
   * sigmoid, tanh, relu or nothing; at the end (y - t)^2, a softmax's -log, or the one output itself. In place of layers, activation, loss and batch.
   */
  readonly expression?: string;
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
   * Values by the names of the expression, or those that `expandNet` gives (x1, w1_12, b1_1, t1); those left out are chosen as `explain` chooses them. Then the
   * pass is that of the graph, number by number: one example, squared errors summed and not averaged, class 0 the right one.
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
  /** sizes, inputs first; of a loss without layers, that of its logits */
  readonly layers: readonly number[];
  /** after each layer; null for none */
  readonly activations: readonly (NetActivation | null)[];
  /** 'none': the one output is the result */
  readonly loss: 'none' | 'squared' | 'crossEntropy';
  readonly inputs: readonly MatrixStep[];
  readonly forward: readonly MatrixStep[];
  readonly value: number;
  /** 'L = Σ (Z2 − T)²' */
  readonly lossEquation: string;
  /** from the last layer to the first; dM is ∂L/∂M */
  readonly backward: readonly MatrixStep[];
  /** the gradient of each parameter (without layers, of the logits) against central differences: the largest error, relative to the largest element */
  readonly check: readonly { readonly name: string; readonly relativeError: number }[];
}

const activations = { sigmoid, tanh, relu } as const;
const derivatives = {
  sigmoid: (a: string) => `${a} ⊙ (1 − ${a})`,
  tanh: (a: string) => `(1 − ${a}²)`,
  relu: (a: string) => `(${a} > 0)`,
} as const;
const signs = { sigmoid: 'σ', tanh: 'tanh', relu: 'relu' } as const;

interface NetLayer {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly activation: NetActivation | null;
}

interface Net {
  /** [batch, inputs]; without layers, the logits */
  readonly x: Tensor;
  /** [batch, outputs]; of cross-entropy one-hot; null without a loss */
  readonly target: Tensor | null;
  readonly layers: readonly NetLayer[];
  readonly loss: MatrixPass['loss'];
  /** of squared errors */
  readonly reduction: 'mean' | 'sum';
}

/**
 * A small net forward and backward, in matrices: Z = A Wᵀ + b and A = f(Z) forward; backward dZ of the last layer from the loss, and for each layer
 * dW = dZᵀ A, db = Σ dZ, and on to the layer before by dA = dZ W and dZ = dA ⊙ f'(Z). All of it in double precision by the library's own
 * ops and autograd; beside it a check by central differences.
 *
 * @throws UserError for an expression that is not in the shape of layers, with what would be
 */
export function explainMatrices({ expression, values, seed = 0, ...options }: MatricesOptions = {}): MatrixPass {
  if (expression !== undefined) return passOf(netOfExpression(expression, values, seed));
  const { layers = [2, 2, 1], activation = 'sigmoid', loss = 'squared', batch = 2 } = options;
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
  return passOf(
    values === undefined
      ? randomNet(layers, activation, loss, batch, seed)
      : netOfExpression(expandNet(layers.join('-'), { activation, loss }), values, seed),
  );
}

function passOf(make: () => Net): MatrixPass {
  return withBackend('reference64', () => step(() => pass(make())));
}

/** One row for each example of the right class, 1 there and 0 elsewhere. */
function oneHot(classes: readonly number[], outputs: number): Tensor {
  return tensor(
    classes.flatMap(right => Array.from({ length: outputs }, (_, i) => (i === right ? 1 : 0))),
    { shape: [classes.length, outputs], name: 'T' },
  );
}

function randomNet(
  layers: readonly number[],
  activation: NetActivation,
  loss: 'squared' | 'crossEntropy',
  batch: number,
  seed: number,
): () => Net {
  const random = new Random(seed);
  const draw = (name: string, shape: number[], requiresGrad: boolean): Tensor => {
    const stream = random.stream(`explain ${name}`);
    const size = shape.reduce((a, b) => a * b, 1);
    const tenths = Array.from({ length: size }, () => stream.int(20)).map(k => (k < 10 ? k - 10 : k - 9) / 10);
    return tensor(tenths, { shape, name, requiresGrad });
  };
  const outputs = layers[layers.length - 1];
  const classes = Array.from({ length: batch }, (_, i) => i % outputs);
  return () => ({
    x: draw('X', [batch, layers[0]], false),
    target: loss === 'squared' ? draw('T', [batch, outputs], false) : oneHot(classes, outputs),
    layers: layers.slice(1).map((out, i) => ({
      weight: draw(`W${i + 1}`, [out, layers[i]], true),
      bias: draw(`b${i + 1}`, [out], true),
      activation: i < layers.length - 2 ? activation : null,
    })),
    loss,
    reduction: 'mean',
  });
}

/** A net whose matrices are filled from the variables of an expression: one example. */
function netOfExpression(given: string, values: Readonly<Record<string, number>> | undefined, seed: number): () => Net {
  const preset = presets.find(({ name }) => name === given.trim());
  const source = preset?.expression ?? given;
  const program = parse(source);
  const layered = layersOf(program);
  if (layered === null) throw notLayered();
  const filled = valuesFor(program, { ...preset?.values, ...values }, seed);
  return () => filledNet(layered, filled);
}

function filledNet({ inputs, layers, loss, targets, right }: Layered, values: ReadonlyMap<string, number>): Net {
  const matrix = (name: string, rows: readonly (readonly (string | number)[])[], requiresGrad: boolean): Tensor =>
    tensor(
      rows.flat().map(one => (typeof one === 'number' ? one : values.get(one)!)),
      { shape: [rows.length, rows[0].length], name, requiresGrad },
    );
  return {
    x: matrix(layers.length === 0 ? 'Z' : 'X', [inputs], layers.length === 0),
    target:
      loss === 'none'
        ? null
        : loss === 'squared'
          ? matrix('T', [targets], false)
          : oneHot([right], layers.at(-1)?.weights.length ?? inputs.length),
    layers: layers.map(({ weights, biases, activation }, i) => ({
      weight: matrix(`W${i + 1}`, weights, true),
      bias:
        biases === null
          ? null
          : tensor(
              biases.map(name => values.get(name)!),
              { name: `b${i + 1}`, requiresGrad: true },
            ),
      activation,
    })),
    loss,
    reduction: 'sum',
  };
}

function notLayered(): UserError {
  return new UserError(
    'explain: the expression is not made of layers, so that it has no matrices; what has: units that are sums of weights times all inputs of their layer, as ' +
      'w1*x1 + w2*x2 + b, then sigmoid, tanh, relu or nothing; at the end (y - t)^2, -log of a softmax, or the one output itself',
    `Such are the examples ${presets
      .filter(({ expression }) => layersOf(parse(expression)) !== null)
      .map(({ name }) => name)
      .join(', ')}, and nets such as 2-2-1.`,
  );
}

interface Forward {
  readonly z: readonly Tensor[];
  /** what each layer hands on, the input first */
  readonly out: readonly Tensor[];
  readonly value: Tensor;
}

function forward({ x, target, layers, loss, reduction }: Net): Forward {
  const z: Tensor[] = [];
  const out: Tensor[] = [x];
  for (const { weight, bias, activation } of layers) {
    const sums = linear(out[out.length - 1], weight, bias);
    z.push(sums);
    out.push(activation === null ? sums : activations[activation](sums));
  }
  const output = out[out.length - 1];
  const value = target === null ? output.sum() : loss === 'squared' ? mseLoss(output, target, { reduction }) : crossEntropy(output, target);
  return { z, out, value };
}

function pass(net: Net): MatrixPass {
  const { x, target, layers, loss } = net;
  const { z, out, value } = forward(net);
  const parameters = layers.length === 0 ? [x] : layers.flatMap(({ weight, bias }) => (bias === null ? [weight] : [weight, bias]));
  const wanted = [...new Set([...z, ...out.slice(1), ...parameters])];
  const found = new Map(grad(value, wanted).map((gradient, i) => [wanted[i], gradient] as const));
  const d = (tensor: Tensor): number[][] => rowsOf(found.get(tensor)!);
  const last = layers.length;
  /** What layer `l` hands on: the activations, or where there is none the sums; 0 is the input. */
  const outName = (l: number): string => (l === 0 ? x.name : `${layers[l - 1].activation === null ? 'Z' : 'A'}${l}`);
  const output = outName(last);

  const inputs: MatrixStep[] = [
    { name: x.name, equation: x.name, meaning: last === 0 ? 'the logits' : 'the inputs, an example a row', rows: rowsOf(x) },
  ];
  if (target !== null) {
    const meaning = loss === 'squared' ? 'the targets' : 'the right classes, 1 in their place';
    inputs.push({ name: 'T', equation: 'T', meaning, rows: rowsOf(target) });
  }
  const forwardSteps: MatrixStep[] = [];
  layers.forEach(({ weight, bias, activation }, i) => {
    const l = i + 1;
    inputs.push({ name: weight.name, equation: weight.name, meaning: `weights of layer ${l}, a unit a row`, rows: rowsOf(weight) });
    if (bias !== null) inputs.push({ name: bias.name, equation: bias.name, meaning: `biases of layer ${l}`, rows: rowsOf(bias) });
    const isOutput = l === last;
    forwardSteps.push({
      name: `Z${l}`,
      equation: `Z${l} = ${outName(i)} W${l}ᵀ${bias === null ? '' : ` + b${l}`}`,
      meaning: isOutput && activation === null ? 'the output' : 'weighted sums',
      rows: rowsOf(z[i]),
    });
    if (activation !== null) {
      const meaning = isOutput ? 'the output' : 'activations';
      forwardSteps.push({ name: `A${l}`, equation: `A${l} = ${signs[activation]}(Z${l})`, meaning, rows: rowsOf(out[l]) });
    }
  });
  if (loss === 'crossEntropy')
    forwardSteps.push({ name: 'P', equation: `P = softmax(${output})`, meaning: 'the probabilities', rows: rowsOf(softmax(out[last])) });

  const count = loss === 'squared' ? (net.reduction === 'sum' ? 1 : out[last].size) : x.shape[0];
  const averaged = count === 1 ? '' : ` / ${count}`;
  const fromLoss = { none: '1', squared: `2 (${output} − T)${averaged}`, crossEntropy: count === 1 ? 'P − T' : `(P − T)${averaged}` };
  const backward: MatrixStep[] = [
    {
      name: `d${output}`,
      equation: `d${output} = ${fromLoss[loss]}`,
      meaning: last === 0 ? 'from the loss' : 'the last layer: from the loss',
      rows: d(out[last]),
    },
  ];
  for (let l = last; l >= 1; l--) {
    const { weight, bias, activation } = layers[l - 1];
    if (l < last)
      backward.push({
        name: `d${outName(l)}`,
        equation: `d${outName(l)} = dZ${l + 1} W${l + 1}`,
        meaning: `between the layers: from layer ${l + 1} to layer ${l}`,
        rows: d(out[l]),
      });
    if (activation !== null)
      backward.push({
        name: `dZ${l}`,
        equation: `dZ${l} = dA${l} ⊙ ${derivatives[activation](`A${l}`)}`,
        meaning: 'through the activation',
        rows: d(z[l - 1]),
      });
    backward.push({
      name: `dW${l}`,
      equation: `dW${l} = dZ${l}ᵀ ${outName(l - 1)}`,
      meaning: `the gradient of the weights of layer ${l}`,
      rows: d(weight),
    });
    if (bias !== null)
      backward.push({ name: `db${l}`, equation: `db${l} = Σ dZ${l} over the batch`, meaning: `and of its biases`, rows: d(bias) });
  }
  return {
    layers: [x.shape[1], ...layers.map(({ weight }) => weight.shape[0])],
    activations: layers.map(({ activation }) => activation),
    loss,
    inputs,
    forward: forwardSteps,
    value: value.item(),
    lossEquation: `L = ${{ none: output, squared: `Σ (${output} − T)²${averaged}`, crossEntropy: `−Σ T ⊙ log(P)${averaged}` }[loss]}`,
    backward,
    check: parameters.map(parameter => ({
      name: parameter.name,
      relativeError: differenceError(parameter, found.get(parameter)!, () => forward(net).value.item()),
    })),
  };
}

function rowsOf(x: Tensor): number[][] {
  const values = [...x.toArray()];
  const columns = x.rank < 2 ? values.length : x.shape[1];
  return Array.from({ length: values.length / columns }, (_, r) => values.slice(r * columns, (r + 1) * columns));
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
