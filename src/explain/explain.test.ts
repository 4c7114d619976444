import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currentBackend } from '../backend/current.ts';
import { liveTensors } from '../tensor/scope.ts';
import { explain } from './explain.ts';
import type { ExplainGraph, GraphNode } from './graph.ts';
import { expandNet, explainAny, explainNet, explainPreset, presets } from './presets.ts';

const node = (graph: ExplainGraph, id: string): GraphNode => graph.nodes.find(one => one.id === id)!;
const gradients = (graph: ExplainGraph): Record<string, number> =>
  Object.fromEntries(graph.check.map(({ leaf, gradient }) => [leaf, gradient]));

describe('the four operations', () => {
  it('addition hands the gradient on', () => {
    const graph = explainPreset('addition');
    expect(graph.value).toBe(-1);
    expect(gradients(graph)).toEqual({ u: 1, v: 1 });
    expect(node(graph, 'z1')).toMatchObject({ kind: 'add', operation: 'addition', label: '+', equation: 'z1 = u + v', gradient: 1 });
  });

  it('multiplication hands on the gradient times the other', () => {
    const graph = explainPreset('multiplication');
    expect(gradients(graph)).toEqual({ u: -3, v: 2 });
    expect(graph.edges).toEqual([
      { id: 'e1', from: 'u', to: 'z1', input: 0, localDerivative: -3, rule: 'v', upstream: 1, product: -3 },
      { id: 'e2', from: 'v', to: 'z1', input: 1, localDerivative: 2, rule: 'u', upstream: 1, product: 2 },
    ]);
  });

  it('a common variable adds up what comes back', () => {
    const graph = explainPreset('common-variable'); // z = 3u, w = u², u = 2
    expect(gradients(graph)).toEqual({ u: 7 });
    expect(node(graph, 'u').fanOut).toEqual({
      terms: [
        { edge: 'e2', to: 'z', product: 3 },
        { edge: 'e3', to: 'w', product: 4 },
      ],
      sum: 7,
    });
    const twice = explain('x*x', { values: { x: 3 } });
    expect(node(twice, 'x').fanOut!.terms.map(({ product }) => product)).toEqual([3, 3]);
    expect(node(twice, 'x').gradient).toBe(6);
  });

  it('an activation multiplies by its derivative', () => {
    const graph = explainPreset('activation');
    const s = 1 / (1 + Math.exp(-0.5));
    expect(graph.edges[0].localDerivative).toBeCloseTo(s * (1 - s), 15);
    expect(graph.edges[0].rule).toBe('z1 (1 − z1)');
    expect(gradients(explain('relu(u) + relu(v)', { values: { u: 1, v: -1 } }))).toEqual({ u: 1, v: 0 });
  });
});

describe('explain', () => {
  it('does the neuron of the textbooks by hand', () => {
    const graph = explain('sigmoid(w1*x1 + w2*x2 + b)', { values: { w1: 2, x1: -1, w2: -3, x2: -2, b: -3 } });
    const y = 1 / (1 + Math.exp(-1)); // the sum is -2 + 6 - 3 = 1
    const d = y * (1 - y);
    expect(graph.value).toBeCloseTo(y, 15);
    expect(graph.nodes.map(({ id, value }) => [id, Math.round(value * 1e4) / 1e4])).toEqual([
      ['w1', 2],
      ['x1', -1],
      ['w2', -3],
      ['x2', -2],
      ['b', -3],
      ['z1', -2],
      ['z2', 6],
      ['z3', 4],
      ['z4', 1],
      ['z5', 0.7311],
    ]);
    const want = { w1: -d, x1: 2 * d, w2: -2 * d, x2: -3 * d, b: d };
    for (const [name, value] of Object.entries(gradients(graph))) expect(value).toBeCloseTo(want[name as keyof typeof want], 14);
    for (const { relativeError } of graph.check) expect(relativeError).toBeLessThan(1e-9);
    expect(node(graph, 'z4').expression).toBe('w1*x1 + w2*x2 + b');
    expect(node(graph, 'z5').formula).toContain("f' = σ (1 - σ)");
    expect([graph.output, graph.loss, graph.notes]).toEqual(['z5', 'L', []]);
  });

  it('gives softmax minus onehot for softmax with cross-entropy', () => {
    const graph = explainPreset('softmax-cross-entropy');
    const e = [2, 1, 0.1].map(Math.exp);
    const total = e.reduce((a, b) => a + b);
    expect(gradients(graph).z1).toBeCloseTo(e[0] / total - 1, 14);
    expect(gradients(graph).z2).toBeCloseTo(e[1] / total, 14);
    expect(gradients(graph).z3).toBeCloseTo(e[2] / total, 14);
    expect(graph.loss).toBe('L');
    // z is taken by the user's names, so that values of no name are called u
    expect(graph.nodes.filter(({ id }) => /^u\d$/.test(id))).toHaveLength(3);
  });

  it('has numbers as constants, without gradient; the same number twice is two nodes', () => {
    const graph = explain('2*x + 2*y', { values: { x: 1, y: 1 } });
    const constants = graph.nodes.filter(({ kind }) => kind === 'constant');
    expect(constants.map(({ id, label, gradient }) => [id, label, gradient])).toEqual([
      ['2', '2', null],
      ['2#2', '2', null],
    ]);
    expect(node(graph, 'z2').equation).toBe('z2 = 2 × y');
    expect(graph.edges.filter(({ from }) => from === '2')).toEqual([
      { id: 'e1', from: '2', to: 'z1', input: 0, localDerivative: null, rule: 'x', upstream: null, product: null },
    ]);
  });

  it('chooses values by seed and name alone, and says so', () => {
    const one = explain('a*b + c');
    expect(one.notes[0]).toMatch(/^No value was given for these variables, so one was chosen \(seed 0\): a = -?\d/);
    expect(one.nodes.filter(({ chosen }) => chosen === 'default')).toHaveLength(3);
    expect(explain('c*a').nodes.find(({ id }) => id === 'c')!.value).toBe(node(one, 'c').value);
    expect(explain('a*b + c')).toEqual(one);
    expect(explain('a*b + c', { seed: 1 })).not.toEqual(one);
    // log of -0.4 or -1 would be no number: then the values chosen are taken without their sign
    for (let seed = 0; seed < 20; seed++) expect(explain('log(a) + sqrt(b)', { seed }).value).toBeTypeOf('number');
  });

  it('takes the library’s convention at a kink, and says so', () => {
    const graph = explain('relu(3*x)', { values: { x: 0 } });
    expect(graph.check[0]).toMatchObject({ gradient: 0, kink: { left: 0 } });
    expect(graph.notes).toEqual([
      'There is a kink at x: the slope is 0 on the left and 3 on the right; the backward pass takes 0 by convention.',
    ]);
    expect(explain('max(x, y)', { values: { x: 1, y: 1 } }).check.map(({ gradient }) => gradient)).toEqual([0.5, 0.5]);
    // a parabola's bottom is no kink
    expect(explain('x^2 + x^4', { values: { x: 0 } }).notes).toEqual([]);
    expect(explain('exp(20*x)', { values: { x: 0.5 } }).notes).toEqual([]);
  });

  it('is plain JSON, and leaves nothing behind', () => {
    const before = liveTensors();
    const backend = currentBackend();
    const graph = explainNet('2-2-1');
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
    expect(liveTensors()).toBe(before);
    expect(currentBackend()).toBe(backend);
  });

  it('says what is wrong', () => {
    expect(() => explain('w*x', { values: { v: 1 } })).toThrow(
      "explain: a value is given for 'v', which is not a variable of the expression; it has w, x",
    );
    expect(() => explain('w*x', { values: { w: Number.NaN } })).toThrow('explain: the value of w is NaN; it must be a finite number');
    expect(() => explain('1 + 1')).toThrow('explain: the expression has no variable');
    expect(() => explain('1 + log(x)', { values: { x: -2 } })).toThrow(
      'explain: column 5: log(x) is NaN (of -2); give values for which it is a finite number\n  1 + log(x)\n      ^',
    );
    expect(() => explain('sqrt(x)', { values: { x: 0 } })).toThrow(
      'explain: column 1: the derivative of sqrt(x) with respect to x is Infinity here',
    );
    expect(() => explain('log(x)', { values: { x: 1e-7 } })).toThrow('the gradient for x cannot be checked: beside x = 1e-7');
    expect(() => explainPreset('nothing')).toThrow(
      "explain: unknown example 'nothing'; there are addition, multiplication, common-variable",
    );
  });
});

describe('nets', () => {
  it('writes a net out in numbers', () => {
    expect(expandNet('2-2-1')).toBe(
      'h1 = sigmoid(w1_11*x1 + w1_12*x2 + b1_1)\nh2 = sigmoid(w1_21*x1 + w1_22*x2 + b1_2)\ny1 = w2_11*h1 + w2_12*h2 + b2_1\nL = (y1 - t1)^2',
    );
    const graph = explainAny('2-2-1', { activation: 'tanh' });
    expect(graph.check).toHaveLength(12);
    expect(explainAny('2-3-2', { loss: 'crossEntropy' }).value).toBeGreaterThan(0);
    expect(explainAny('(2-2-x)').value).toBeTypeOf('number');
    expect(() => explainNet('2-0-1')).toThrow(
      "explain: '2-0-1' is not a net; give the sizes of its layers, each from 1 to 9, as in '2-2-1'",
    );
    expect(() => explainNet('9-9')).toThrow('has 81 weights; written out in numbers, at most 60 can be read');
    expect(() => explainNet('2-1', { loss: 'crossEntropy' })).toThrow('cross-entropy needs at least 2 outputs');
    expect(() => explainNet('2-1', { activation: 'step' as 'relu' })).toThrow("unknown activation 'step'; allowed are sigmoid, tanh, relu");
  });

  it('agrees with central differences in every preset and in deep nets', () => {
    for (const { name } of presets) for (const { relativeError } of explainPreset(name).check) expect(relativeError).toBeLessThan(1e-6);
    for (const { relativeError } of explainNet('3-3-3-2', { activation: 'tanh' }).check) expect(relativeError).toBeLessThan(1e-6);
  });
});

describe('any expression', () => {
  const leaf = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('0.5', '2', '3', '1.25'));
  const expression = fc.letrec(tie => ({
    any: fc.oneof({ maxDepth: 5, withCrossShrink: true }, leaf, tie('binary'), tie('call'), tie('power'), tie('negative')),
    binary: fc.tuple(tie('any'), fc.constantFrom('+', '-', '*', '/'), tie('any')).map(([l, op, r]) => `(${l} ${op} ${r})`),
    call: fc
      .tuple(
        fc.constantFrom(
          'exp',
          'log',
          'sqrt',
          'sin',
          'cos',
          'tanh',
          'sigmoid',
          'relu',
          'softplus',
          'square',
          'abs',
          'erf',
          'elu',
          'leakyRelu',
          'log1p',
          'expm1',
        ),
        tie('any'),
      )
      .map(([f, x]) => `${f}(${x})`),
    power: fc.tuple(tie('any'), fc.constantFrom('2', '3', '-1', '0', '1', '0.5', 'a')).map(([x, p]) => `(${x})^${p}`),
    negative: tie('any').map(x => `-${x}`),
  })).any as fc.Arbitrary<string>;
  const value = fc
    .integer({ min: -20, max: 20 })
    .filter(v => v !== 0)
    .map(v => v / 10);

  it('has the gradients that central differences have, and each edge is upstream times local derivative', () => {
    let checked = 0;
    fc.assert(
      fc.property(expression, fc.record({ a: value, b: value, c: value, d: value }), (source, all) => {
        const values = Object.fromEntries(Object.entries(all).filter(([name]) => new RegExp(`\\b${name}\\b`).test(source)));
        let graph: ExplainGraph;
        try {
          graph = explain(source, { values });
        } catch (error) {
          expect((error as Error).message).toMatch(/is (NaN|-?Infinity)|no variable|cannot be checked/);
          return;
        }
        // Differences are blind where the function is steep or large.
        if (graph.nodes.some(n => Math.abs(n.value) > 50) || graph.edges.some(e => Math.abs(e.localDerivative ?? 0) > 50)) return;
        checked++;
        const scale = Math.max(1, ...graph.edges.map(e => Math.abs(e.product ?? 0)));
        for (const { gradient, numerical, kink } of graph.check) {
          if (kink === null) expect(Math.abs(gradient - numerical)).toBeLessThan(1e-5 * scale);
        }
        for (const { upstream, localDerivative, product } of graph.edges) {
          if (product !== null)
            expect(Math.abs(product - upstream! * localDerivative!)).toBeLessThanOrEqual(1e-12 * Math.max(Math.abs(product), 1));
        }
        for (const { id, gradient } of graph.nodes) {
          const uses = graph.edges.filter(e => e.from === id && e.product !== null);
          if (gradient === null || uses.length === 0) continue;
          const sum = uses.reduce((total, e) => total + e.product!, 0);
          expect(Math.abs(sum - gradient)).toBeLessThanOrEqual(1e-12 * scale);
        }
      }),
      { numRuns: 400, seed: 1 },
    );
    expect(checked).toBeGreaterThan(150);
  });

  it('of hostile text ends in an error or a graph, soon', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab1.+-*/^()=;,\n e가$\u0000'), maxLength: 60 }), source => {
        try {
          explain(source);
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
        }
      }),
      { numRuns: 2000, seed: 2 },
    );
  });
});
