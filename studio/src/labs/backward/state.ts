/** What the backward lab is about, as the address says it. */
import { type ExplainGraph, isNet, type NetActivation, presets } from 'chainrule/explain';
import { type Codec, codec, type Field, flag, list, number, numbersByName, oneOf, text } from '../../lib/codec.ts';
import type { Subject } from './protocol.ts';

export interface BackwardState {
  /** an expression, or the layers of a net such as 2-2-1 */
  readonly source: string;
  /** values of variables that a person gave; the others are chosen by the seed */
  readonly values: Readonly<Record<string, number>>;
  readonly seed: number;
  /** of a net */
  readonly activation: NetActivation;
  readonly loss: 'squared' | 'crossEntropy';
  /** how many steps of the pass are shown; -1 for the end of the forward part */
  readonly at: number;
  readonly view: 'graph' | 'matrices';
  /** the learning rate */
  readonly lr: number;
  /** variables that a gradient step leaves as they are; null for the inputs and targets, by their names */
  readonly held: readonly string[] | null;
  /** the result before each gradient step that was taken */
  readonly trail: readonly number[];
  readonly quiz: boolean;
  /** which question of the quiz, from 0 */
  readonly question: number;
}

/** Steps that the address remembers. */
export const TRAIL = 100;

const name: Field<string> = {
  initial: '',
  write: value => value,
  read: given => (/^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u.test(given) ? given : undefined),
  wanted: 'w1',
};
const names = list(name, []);

/** null is left out, and an empty list is '-'. */
const held: Field<readonly string[] | null> = {
  initial: null,
  write: value => (value === null ? '' : value.length === 0 ? '-' : names.write(value)),
  read: given => (given === '' ? null : given === '-' ? [] : names.read(given)),
  wanted: 'x1,x2,t1',
};

const neuron = presets.find(({ name }) => name === 'neuron')!;

export const stateCodec: Codec<BackwardState> = codec<BackwardState>(
  {
    source: text(neuron.expression),
    values: numbersByName(),
    seed: number(0, { min: 0, whole: true }),
    activation: oneOf(['sigmoid', 'tanh', 'relu']),
    loss: oneOf(['squared', 'crossEntropy']),
    at: number(-1, { min: -1, max: 10_000, whole: true }),
    view: oneOf(['graph', 'matrices']),
    lr: number(0.1, { min: 0, max: 1000 }),
    held,
    trail: list(number(0), [], TRAIL),
    quiz: flag(),
    question: number(0, { min: 0, whole: true }),
  },
  { source: 'e', values: 'v', activation: 'a', loss: 'l', held: 'hold', trail: 't', question: 'q' },
);

/** Presets in the order in which to read them; the net among them. */
export const choices: readonly { readonly name: string; readonly source: string; readonly values: Readonly<Record<string, number>> }[] = [
  ...presets.slice(0, -2).map(({ name, expression, values }) => ({ name, source: expression, values })),
  {
    name: 'net',
    source: '2-2-1',
    values: {
      x1: 1,
      x2: 0.5,
      t1: 1,
      w1_11: 0.6,
      w1_12: -0.4,
      b1_1: 0.1,
      w1_21: -0.3,
      w1_22: 0.8,
      b1_2: 0,
      w2_11: 0.7,
      w2_12: -0.5,
      b2_1: 0.2,
    },
  },
  ...presets.slice(-2).map(({ name, expression, values }) => ({ name, source: expression, values })),
];

/** The preset that a source is; null for one of a person's own. */
export function choiceOf(source: string): string | null {
  return choices.find(choice => choice.source === source)?.name ?? null;
}

/** What the worker is asked for: a preset's own values stand where a person gave none. */
export function subjectOf({ source, values, seed, activation, loss }: BackwardState): Subject {
  const preset = choices.find(choice => choice.source === source);
  return { source, values: { ...preset?.values, ...values }, seed, activation, loss };
}

/** Variables that a step leaves as they are, unless a person says otherwise: what is called x or t is data, if there is anything else. */
export function heldIn(graph: ExplainGraph, held: readonly string[] | null): readonly string[] {
  if (held !== null) return held;
  const leaves = graph.nodes.filter(({ kind }) => kind === 'leaf').map(({ id }) => id);
  const data = leaves.filter(id => /^[xt]\d*$/.test(id));
  return data.length < leaves.length ? data : [];
}

/** θ - α ∂L/∂θ of every variable that is not held; the others as they are. */
export function afterStep(graph: ExplainGraph, lr: number, held: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    graph.nodes
      .filter(({ kind }) => kind === 'leaf')
      .map(({ id, value, gradient }) => [id, held.includes(id) ? value : value - lr * (gradient ?? 0)]),
  );
}

export function isNetSource(source: string): boolean {
  return isNet(source);
}
