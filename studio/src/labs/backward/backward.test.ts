import { type ExplainGraph, explain, explainNet, presets } from 'chainrule/explain';
import { describe, expect, it } from 'vitest';
import { askable, isRight, nodeAsked, slipOf } from './quiz.ts';
import { afterStep, choiceOf, choices, heldIn, stateCodec } from './state.ts';
import { coveredBy, shownAfter, termsOf, walkOf } from './steps.ts';
import { texName, texOf } from './tex.ts';

const graphs: readonly ExplainGraph[] = [...presets.map(({ expression, values }) => explain(expression, { values })), explainNet('2-2-1')];

describe('the walk', () => {
  it('goes forward through every operation, then back along every edge, and sums where there are parts', () => {
    const graph = explain('z = 3*u; w = u^2; z + w', { values: { u: 2 } });
    const { steps, forward } = walkOf(graph);
    expect(forward).toBe(3);
    expect(steps.map(step => (step.kind === 'edge' ? `${step.kind} ${step.edge}` : `${step.kind} ${step.node}`))).toEqual([
      'forward z',
      'forward w',
      'forward z1',
      'seed z1',
      'edge e4',
      'edge e5',
      'edge e3',
      'edge e2',
      'sum u',
    ]);
    expect(termsOf(graph.nodes.find(({ id }) => id === 'u')!, graph.edges).map(({ product }) => product)).toEqual([4, 3]);
  });

  it('shows nothing before it is known, and everything at the end', () => {
    for (const graph of graphs) {
      const walk = walkOf(graph);
      const wanted = graph.nodes.filter(({ gradient }) => gradient !== null).map(({ id }) => id);
      const end = shownAfter(graph, walk, walk.steps.length);
      expect([...end.gradients].sort()).toEqual(wanted.sort());
      expect(end.values.size).toBe(graph.nodes.length);
      walk.steps.forEach((step, i) => {
        const before = shownAfter(graph, walk, i);
        if (step.kind === 'forward') {
          for (const { from, to } of graph.edges) if (to === step.node) expect(before.values.has(from)).toBe(true);
        } else if (step.kind === 'edge') {
          // What flows along an edge is made of the whole gradient above it.
          expect(before.gradients.has(graph.edges.find(({ id }) => id === step.edge)!.to)).toBe(true);
        } else if (step.kind === 'sum') {
          for (const { from, id, product } of graph.edges)
            if (from === step.node && product !== null) expect(before.products.has(id)).toBe(true);
        }
      });
    }
  });
});

describe('the quiz', () => {
  it('asks for every gradient once before any again, by the seed alone', () => {
    for (const graph of graphs) {
      const nodes = askable(graph);
      const asked = nodes.map((_, i) => nodeAsked(graph, 7, i));
      expect([...asked].sort()).toEqual([...nodes].sort());
      expect(nodes.map((_, i) => nodeAsked(graph, 7, i))).toEqual(asked);
      expect(asked).not.toContain(graph.output);
    }
  });

  it('covers what would give the answer away', () => {
    for (const graph of graphs) {
      for (const node of askable(graph)) {
        const { nodes, products } = coveredBy(node, graph);
        expect(nodes.has(node)).toBe(true);
        expect(nodes.has(graph.output)).toBe(false);
        // Nothing that is shown is computed from what is asked.
        for (const { id, from, to, product } of graph.edges) {
          if (product === null || products.has(id)) continue;
          expect(from === node || nodes.has(to)).toBe(false);
        }
      }
    }
  });

  it('takes an answer that a person rounded, and knows a slip', () => {
    expect(isRight(0.1966, 0.19661193)).toBe(true);
    expect(isRight(0.2, 0.19661193)).toBe(true);
    expect(isRight(0.21, 0.19661193)).toBe(false);
    expect(isRight(0, 0.001)).toBe(false);
    expect(isRight(0, 0)).toBe(true);
    expect(isRight(0.01, 0)).toBe(false);
    expect(slipOf(-7, 7, [4, 3])).toBe('sign');
    expect(slipOf(4, 7, [4, 3])).toBe('part');
    expect(slipOf(5, 7, [4, 3])).toBeNull();
  });
});

describe('the state', () => {
  it('reads back what it writes, with every part of it', () => {
    const state = {
      source: 'h = relu(w*x)\nh^2',
      values: { w: 0.1, x: -2e-7 },
      seed: 3,
      activation: 'tanh',
      loss: 'crossEntropy',
      at: 4,
      view: 'matrices',
      lr: 0.25,
      held: [],
      trail: [1.25, 0.5],
      quiz: true,
      question: 2,
    } as const;
    expect(stateCodec.read(new URLSearchParams(stateCodec.write(state).toString()))).toEqual({ state, problems: [] });
    const held = { ...stateCodec.initial, held: ['x1', 't'] };
    expect(stateCodec.read(stateCodec.write(held)).state).toEqual(held);
  });

  it('has the presets that can be chosen, each once', () => {
    expect(new Set(choices.map(({ source }) => source)).size).toBe(choices.length);
    expect(choices.length).toBe(presets.length + 1);
    expect(choiceOf('2-2-1')).toBe('net');
    expect(choiceOf('u*v*w')).toBeNull();
  });

  it('moves against the gradient, and leaves data where it is', () => {
    const graph = explain('(w*x + b - t)^2', { values: { w: 1, x: 2, b: 0, t: 1 } });
    const held = heldIn(graph, null);
    expect(held).toEqual(['x', 't']);
    expect(afterStep(graph, 0.1, held)).toEqual({ w: 1 - 0.1 * 4, x: 2, b: 0 - 0.1 * 2, t: 1 });
    expect(heldIn(graph, ['b'])).toEqual(['b']);
    expect(heldIn(explain('x*x'), null)).toEqual([]);
  });
});

describe('TeX', () => {
  it.each([
    ['w1', 'w_{1}'],
    ['w1_12', 'w^{(1)}_{12}'],
    ['h_1', 'h_{1}'],
    ['L', 'L'],
    ['loss', '\\text{loss}'],
    ['값', '\\text{값}'],
  ])('of the name %s is %s', (name, tex) => expect(texName(name)).toBe(tex));

  it.each([
    ['z3 (1 − z3)', 'z_{3}\\,(1 - z_{3})'],
    ['1 if u > 0 else 0', '\\begin{cases}1 & u > 0\\\\0 & \\text{otherwise}\\end{cases}'],
    ['σ(u)', '\\sigma (u)'],
    ['v u^(v−1)', 'v\\,u^{v-1}'],
    ['−z/v', '-z/v'],
    ['1 − z²', '1 - z^2'],
  ])('of the rule %s is %s', (rule, tex) => {
    expect(texOf(rule, new Set(['u', 'v', 'z', 'z3']), 'otherwise')).toBe(tex);
  });
});
