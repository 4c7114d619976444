/** The functions and operators of `explain`: each is one op of the library; here are only their names, and their derivatives in words. */
import * as ops from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The four operations that every backward pass is made of; the fourth, the common variable, is not an op but a value used more than once. */
export type Operation = 'addition' | 'multiplication' | 'activation';

export interface ExpressionFunction {
  /** fewest and most arguments */
  readonly parameters: readonly [least: number, most: number];
  apply(...args: Tensor[]): Tensor;
}

const one = (apply: (x: Tensor) => Tensor): ExpressionFunction => ({ parameters: [1, 1], apply });
const several = (apply: (a: Tensor, b: Tensor) => Tensor): ExpressionFunction => ({
  parameters: [2, Number.POSITIVE_INFINITY],
  apply: (first, ...rest) => rest.reduce(apply, first),
});

export const functions: Readonly<Record<string, ExpressionFunction>> = {
  exp: one(ops.exp),
  log: one(ops.log),
  ln: one(ops.log),
  log1p: one(ops.log1p),
  expm1: one(ops.expm1),
  sqrt: one(ops.sqrt),
  square: one(ops.square),
  reciprocal: one(ops.reciprocal),
  abs: one(ops.abs),
  sin: one(ops.sin),
  cos: one(ops.cos),
  tanh: one(ops.tanh),
  sigmoid: one(ops.sigmoid),
  relu: one(ops.relu),
  leakyRelu: one(x => ops.leakyRelu(x)),
  elu: one(x => ops.elu(x)),
  softplus: one(x => ops.softplus(x)),
  erf: one(ops.erf),
  max: several(ops.maximum),
  min: several(ops.minimum),
};

export const functionNames: readonly string[] = Object.keys(functions);

/** How an op is shown. */
export interface OpWords {
  readonly operation: Operation;
  /** the sign in the middle of a node */
  readonly label: string;
  /** the right side of z = ..., from the names (or numbers) of the inputs */
  equation(inputs: readonly string[], attrs: { readonly p?: number }): string;
  /** the local derivative ∂z/∂input of each input in words, from the names of inputs and output */
  rules(inputs: readonly string[], z: string, attrs: { readonly p?: number }): readonly string[];
}

const f = (label: string, rule: (u: string, z: string) => string): OpWords => ({
  operation: 'activation',
  label,
  equation: ([u]) => `${label}(${u})`,
  rules: ([u], z) => [rule(u, z)],
});

const pick = (label: string, sign: string): OpWords => ({
  operation: 'activation',
  label,
  equation: ([u, v]) => `${label}(${u}, ${v})`,
  rules: ([u, v]) => [`1 if ${u} ${sign} ${v} else 0`, `1 if ${v} ${sign} ${u} else 0`],
});

/** A negative number, or anything of several parts, in parentheses. */
const bracket = (text: string): string => (/^-|[ ]/.test(text) ? `(${text})` : text);

const words: Readonly<Record<string, OpWords>> = {
  add: { operation: 'addition', label: '+', equation: ([u, v]) => `${u} + ${bracket(v)}`, rules: () => ['1', '1'] },
  sub: { operation: 'addition', label: '−', equation: ([u, v]) => `${u} − ${bracket(v)}`, rules: () => ['1', '−1'] },
  neg: { operation: 'multiplication', label: '−', equation: ([u]) => `−${bracket(u)}`, rules: () => ['−1'] },
  mul: { operation: 'multiplication', label: '×', equation: ([u, v]) => `${u} × ${bracket(v)}`, rules: ([u, v]) => [v, u] },
  div: {
    operation: 'multiplication',
    label: '/',
    equation: ([u, v]) => `${u} / ${bracket(v)}`,
    rules: ([, v], z) => [`1/${v}`, `−${z}/${v}`],
  },
  pow: {
    operation: 'activation',
    label: '^',
    equation: ([u, v]) => `${bracket(u)}^${bracket(v)}`,
    rules: ([u, v], z) => [`${v} ${u}^(${v}−1)`, `${z} ln ${u}`],
  },
  powScalar: {
    operation: 'activation',
    label: '^',
    equation: ([u], { p }) => `${bracket(u)}^${bracket(String(p))}`,
    rules: ([u], _, { p }) => [p === 2 ? `2 ${u}` : `${p} ${u}^${bracket(String(p! - 1))}`],
  },
  exp: f('exp', (_, z) => z),
  log: f('log', u => `1/${u}`),
  log1p: f('log1p', u => `1/(1 + ${u})`),
  expm1: f('expm1', (_, z) => `${z} + 1`),
  sqrt: f('sqrt', (_, z) => `1/(2 ${z})`),
  square: f('square', u => `2 ${u}`),
  reciprocal: f('reciprocal', (_, z) => `−${z}²`),
  abs: f('abs', u => `sign(${u})`),
  sin: f('sin', u => `cos(${u})`),
  cos: f('cos', u => `−sin(${u})`),
  tanh: f('tanh', (_, z) => `1 − ${z}²`),
  sigmoid: f('σ', (_, z) => `${z} (1 − ${z})`),
  relu: f('relu', u => `1 if ${u} > 0 else 0`),
  leakyRelu: f('leakyRelu', u => `1 if ${u} > 0 else 0.01`),
  elu: f('elu', (u, z) => `1 if ${u} > 0 else ${z} + 1`),
  softplus: f('softplus', u => `σ(${u})`),
  erf: f('erf', u => `2/√π exp(−${u}²)`),
  maximum: pick('max', '>'),
  minimum: pick('min', '<'),
};

/** How the op of this name is shown; one that is not in the table, by its own name. */
export function wordsOf(op: string): OpWords {
  return (
    words[op] ?? {
      operation: 'activation',
      label: op,
      equation: inputs => `${op}(${inputs.join(', ')})`,
      rules: (inputs, z) => inputs.map(u => `∂${z}/∂${u}`),
    }
  );
}
