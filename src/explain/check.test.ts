import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkNode, explain } from './explain.ts';
import { explainMatrices } from './matrices.ts';
import { expandNet, explainNet, presets } from './presets.ts';
import { ExpressionError } from './syntax.ts';

describe('checkNode', () => {
  it.each(presets.map(({ name, expression, values }) => ({ name, expression, values })))(
    'holds for every value of $name',
    ({ expression, values }) => {
      for (const { id, gradient } of explain(expression, { values }).nodes) {
        if (gradient === null) continue;
        const check = checkNode(expression, id, { values });
        expect(check.leaf).toBe(id);
        expect(check.gradient).toBe(gradient);
        expect(check.relativeError, id).toBeLessThan(1e-7);
      }
    },
  );

  it('says so where there is no such value', () => {
    expect(() => checkNode('u*v', 'w')).toThrow("explain: 'w' has no gradient; there are u, v, z1");
  });

  it('moves a value that is used twice for all of its uses', () => {
    const check = checkNode('z = 3*u; z*z', 'z', { values: { u: 2 } });
    expect(check.numerical).toBeCloseTo(12, 6);
  });
});

describe('places in the source', () => {
  it('of values are the piece that is their expression', () => {
    fc.assert(
      fc.property(fc.constantFrom(...presets), ({ expression, values }) => {
        for (const { place, expression: piece } of explain(expression, { values }).nodes) {
          if (place !== null) expect(expression.slice(place.start, place.end).trim()).toBe(piece);
        }
      }),
    );
  });

  it('of an error are told apart from its reason', () => {
    let caught: unknown;
    try {
      explain('a = 2*x\na + * 3');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ExpressionError);
    expect(caught).toMatchObject({ at: 12, reason: "expected a number, a name, a function or '(', but found '*'" });
  });
});

describe('explainMatrices with values', () => {
  it.each([
    { sizes: '2-2-1', loss: 'squared', activation: 'sigmoid' },
    { sizes: '3-2-2', loss: 'squared', activation: 'tanh' },
    { sizes: '2-3-2-3', loss: 'crossEntropy', activation: 'sigmoid' },
  ] as const)('is the pass of the graph: $sizes, $loss', ({ sizes, loss, activation }) => {
    const graph = explainNet(sizes, { loss, activation, seed: 3 });
    const values = Object.fromEntries(graph.check.map(({ leaf, value }) => [leaf, value]));
    expect(Object.keys(values).length).toBe(graph.nodes.filter(({ kind }) => kind === 'leaf').length);
    const pass = explainMatrices({ layers: sizes.split('-').map(Number), loss, activation, values });
    expect(pass.value).toBeCloseTo(graph.value, 12);
    const matrix = (name: string): number[] => pass.backward.find(step => step.name === name)!.rows.flat();
    for (const { leaf, gradient } of graph.check) {
      const weight = /^w(\d)_(\d)(\d)$/.exec(leaf);
      const bias = /^b(\d)_(\d)$/.exec(leaf);
      const inputs = sizes.split('-').map(Number);
      if (weight !== null) {
        const [layer, out, from] = weight.slice(1).map(Number);
        expect(matrix(`dW${layer}`)[(out - 1) * inputs[layer - 1] + from - 1], leaf).toBeCloseTo(gradient, 12);
      } else if (bias !== null) expect(matrix(`db${bias[1]}`)[Number(bias[2]) - 1], leaf).toBeCloseTo(gradient, 12);
    }
    expect(expandNet(sizes, { loss, activation })).toContain('w1_11');
  });
});
