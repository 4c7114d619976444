/** Named examples: the four operations alone, a neuron, small nets written out in numbers. */
import { UserError } from '../errors.ts';
import { type ExplainOptions, explain } from './explain.ts';
import type { ExplainGraph } from './graph.ts';

export interface Preset {
  readonly name: string;
  /** what it shows, in a sentence */
  readonly title: string;
  readonly expression: string;
  readonly values: Readonly<Record<string, number>>;
}

const list: readonly Preset[] = [
  { name: 'addition', title: 'Addition hands the gradient on, unchanged, to both', expression: 'u + v', values: { u: 2, v: -3 } },
  {
    name: 'multiplication',
    title: 'Multiplication hands to each the gradient times the other',
    expression: 'u * v',
    values: { u: 2, v: -3 },
  },
  {
    name: 'common-variable',
    title: 'A variable used twice: what comes back along its uses is added up',
    expression: 'z = 3*u; w = u^2; z + w',
    values: { u: 2 },
  },
  {
    name: 'activation',
    title: 'An activation multiplies the gradient by its own derivative',
    expression: 'sigmoid(u)',
    values: { u: 0.5 },
  },
  {
    name: 'relu',
    title: 'ReLU lets the gradient through where its input is above 0',
    expression: 'relu(u) + relu(v)',
    values: { u: 1.5, v: -0.5 },
  },
  {
    name: 'chain-rule',
    title: 'The chain rule with several variables: ∂y/∂x is the sum over every path',
    expression: 'u1 = x^2\nu2 = sin(x)\nu3 = 3*x\ny = u1*u2 + u3',
    values: { x: 1.2 },
  },
  {
    name: 'neuron',
    title: 'One neuron: two inputs, two weights, a bias, the sigmoid',
    expression: 'sigmoid(w1*x1 + w2*x2 + b)',
    values: { w1: 2, x1: -1, w2: -3, x2: -2, b: -3 },
  },
  {
    name: 'chain',
    title: 'A chain of five sigmoid layers: the gradient shrinks at each, by at most a quarter of the weight',
    expression: 'h1 = sigmoid(w1*x)\nh2 = sigmoid(w2*h1)\nh3 = sigmoid(w3*h2)\nh4 = sigmoid(w4*h3)\ny = sigmoid(w5*h4)\nL = (y - t)^2',
    values: { x: 1, w1: 0.8, w2: 0.8, w3: 0.8, w4: 0.8, w5: 0.8, t: 1 },
  },
  {
    name: 'softmax-cross-entropy',
    title: 'Softmax and cross-entropy of three logits, the first being right: ∂L/∂z is p − 1 for the right one, p for the others',
    expression: 'e1 = exp(z1)\ne2 = exp(z2)\ne3 = exp(z3)\np = e1 / (e1 + e2 + e3)\nL = -log(p)',
    values: { z1: 2, z2: 1, z3: 0.1 },
  },
];

/** The presets, in the order in which to read them. */
export const presets: readonly Preset[] = list;

/** What an activation of `expandNet` may be. */
export type NetActivation = 'sigmoid' | 'tanh' | 'relu';

export interface NetOptions {
  /** after each hidden layer. Default 'sigmoid'. */
  readonly activation?: NetActivation;
  /**
   * 'squared': Σ (y - t)² over the outputs, which are linear; 'crossEntropy': softmax and -log p of the first class, of at least two outputs.
   * Default 'squared'.
   */
  readonly loss?: 'squared' | 'crossEntropy';
}

const netPattern = /^\s*\d+(\s*-\s*\d+)+\s*$/;

/** Whether the text is the sizes of a net's layers, such as '2-2-1', rather than an expression. (As a difference, write '(2-2-1)'.) */
export function isNet(text: string): boolean {
  return netPattern.test(text);
}

/**
 * A net written out in numbers: '2-2-1' is two inputs x1, x2, a hidden layer h1, h2 of weights w1_11 (to unit 1 from input 1), w1_12 ... and biases b1_1,
 * one output y1, and a loss. Sizes from 1 to 9, at most 60 weights.
 */
export function expandNet(sizes: string, { activation = 'sigmoid', loss = 'squared' }: NetOptions = {}): string {
  const layers = isNet(sizes) ? sizes.split('-').map(Number) : [];
  if (layers.length < 2 || layers.some(n => n < 1 || n > 9)) {
    throw new UserError(`explain: '${sizes}' is not a net; give the sizes of its layers, each from 1 to 9, as in '2-2-1'`);
  }
  if (!['sigmoid', 'tanh', 'relu'].includes(activation)) {
    throw new UserError(`explain: unknown activation '${String(activation)}'; allowed are sigmoid, tanh, relu`);
  }
  if (loss !== 'squared' && loss !== 'crossEntropy')
    throw new UserError(`explain: unknown loss '${String(loss)}'; allowed are squared, crossEntropy`);
  const weights = layers.slice(1).reduce((sum, n, i) => sum + n * layers[i], 0);
  if (weights > 60) throw new UserError(`explain: the net ${sizes} has ${weights} weights; written out in numbers, at most 60 can be read`);
  const outputs = layers[layers.length - 1];
  if (loss === 'crossEntropy' && outputs < 2)
    throw new UserError(`explain: cross-entropy needs at least 2 outputs; the net ${sizes} has 1`);

  const lines: string[] = [];
  let inputs = Array.from({ length: layers[0] }, (_, i) => `x${i + 1}`);
  for (let layer = 1; layer < layers.length; layer++) {
    const last = layer === layers.length - 1;
    const letter = last ? 'y' : layers.length > 3 ? `h${layer}_` : 'h';
    inputs = Array.from({ length: layers[layer] }, (_, o) => {
      const sum = [...inputs.map((x, i) => `w${layer}_${o + 1}${i + 1}*${x}`), `b${layer}_${o + 1}`].join(' + ');
      const name = `${letter}${o + 1}`;
      lines.push(`${name} = ${last ? sum : `${activation}(${sum})`}`);
      return name;
    });
  }
  if (loss === 'squared') lines.push(`L = ${inputs.map((y, i) => `(${y} - t${i + 1})^2`).join(' + ')}`);
  else {
    inputs.forEach((y, i) => {
      lines.push(`e${i + 1} = exp(${y})`);
    });
    lines.push(`p1 = e1 / (${inputs.map((_, i) => `e${i + 1}`).join(' + ')})`, 'L = -log(p1)');
  }
  return lines.join('\n');
}

/** The backward pass of a small net, every number of it. */
export function explainNet(sizes: string, { activation, loss, ...options }: NetOptions & ExplainOptions = {}): ExplainGraph {
  const net = { ...(activation === undefined ? {} : { activation }), ...(loss === undefined ? {} : { loss }) };
  return explain(expandNet(sizes, net), { title: `A net of layers ${sizes.replace(/\s/g, '')}`, ...options });
}

/** The backward pass of a preset; values and title may be others. */
export function explainPreset(name: string, { values = {}, ...options }: ExplainOptions = {}): ExplainGraph {
  const preset = list.find(one => one.name === name);
  if (preset === undefined) throw new UserError(`explain: unknown example '${name}'; there are ${list.map(one => one.name).join(', ')}`);
  return explain(preset.expression, { title: preset.title, ...options, values: { ...preset.values, ...values } });
}

/** What the command line takes: the name of a preset, the layers of a net, or an expression. */
export function explainAny(text: string, options: NetOptions & ExplainOptions = {}): ExplainGraph {
  const { activation: _, loss: __, ...rest } = options;
  if (isNet(text)) return explainNet(text, options);
  return list.some(({ name }) => name === text.trim()) ? explainPreset(text.trim(), rest) : explain(text, rest);
}
