import { describe, expect, it } from 'vitest';
import { layersOf } from './layered.ts';
import { explainMatrices } from './matrices.ts';
import { expandNet, explainAny, isNet, presets } from './presets.ts';
import { renderMatrices } from './render-matrices.ts';
import { parse } from './syntax.ts';

const shape = (source: string) => layersOf(parse(source));

describe('layersOf', () => {
  it('reads one neuron, whichever way its products are written', () => {
    const neuron = { inputs: ['x1', 'x2'], layers: [{ weights: [['w1', 'w2']], biases: ['b'], activation: 'sigmoid' }], loss: 'none' };
    expect(shape('sigmoid(w1*x1 + w2*x2 + b)')).toMatchObject(neuron);
    expect(shape('z = x1*w1 + b\nsigmoid(z + w2*x2)')).toMatchObject(neuron);
  });

  it('reads the chain of layers, without biases', () => {
    expect(shape(presets.find(({ name }) => name === 'chain')!.expression)).toEqual({
      inputs: ['x'],
      layers: [1, 2, 3, 4, 5].map(l => ({ weights: [[`w${l}`]], biases: null, activation: 'sigmoid' })),
      loss: 'squared',
      targets: ['t'],
      right: 0,
    });
  });

  it('reads the softmax of logits as a loss without layers, and the right one among them', () => {
    expect(shape(presets.find(({ name }) => name === 'softmax-cross-entropy')!.expression)).toEqual({
      inputs: ['z1', 'z2', 'z3'],
      layers: [],
      loss: 'crossEntropy',
      targets: [],
      right: 0,
    });
    expect(shape('-log(exp(b)/(exp(a) + exp(b) + exp(c)))')).toMatchObject({ inputs: ['a', 'b', 'c'], right: 1 });
  });

  it('reads what expandNet writes', () => {
    expect(shape(expandNet('3-2-2', { activation: 'relu', loss: 'crossEntropy' }))).toEqual({
      inputs: ['x1', 'x2', 'x3'],
      layers: [
        {
          weights: [
            ['w1_11', 'w1_12', 'w1_13'],
            ['w1_21', 'w1_22', 'w1_23'],
          ],
          biases: ['b1_1', 'b1_2'],
          activation: 'relu',
        },
        {
          weights: [
            ['w2_11', 'w2_12'],
            ['w2_21', 'w2_22'],
          ],
          biases: ['b2_1', 'b2_2'],
          activation: null,
        },
      ],
      loss: 'crossEntropy',
      targets: [],
      right: 0,
    });
  });

  it('takes the factor that is used again for the input, and orders each unit as the first', () => {
    expect(shape('h1 = tanh(a*u + b*v); h2 = tanh(v*d + u*c); (p*h1 + q*h2 - 1)^2')).toMatchObject({
      inputs: ['u', 'v'],
      layers: [
        {
          weights: [
            ['a', 'b'],
            ['c', 'd'],
          ],
        },
        { weights: [['p', 'q']], activation: null },
      ],
      loss: 'squared',
      targets: [1],
    });
  });

  it.each([
    'u + v',
    'z = 3*u; w = u^2; z + w',
    'sigmoid(u)',
    'relu(u) + relu(v)',
    'w1*x1 + w2*x2 - b',
    'h1 = tanh(w1*x); h2 = relu(w2*x); v1*h1 + v2*h2', // two activations in a layer
    'h = tanh(w*x); v*h + w*x', // an input beside a unit
    'h1 = tanh(a*x + b*y); h2 = tanh(c*x); p*h1 + q*h2', // an input left out
    'h = tanh(w*x); w*h', // one weight in two layers
    'h = tanh(w*x); v*h + u*h', // an input twice
    'sigmoid(w*x + b + c)',
    '(w*x - t)^2 + (x - s)^2',
    '-log(exp(a)/(exp(b) + exp(c)))',
    '-log(exp(a)/(exp(a) + exp(b))) + 0.1*a^2',
    'w*pi',
    `${Array.from({ length: 60 }, (_, i) => `a${i + 1} = a${i} + a${i}`).join('; ')}; w*x + a60`, // 2^60 terms, were they all read
  ])('finds none in %s', source => {
    expect(shape(source)).toBeNull();
  });
});

describe('explainMatrices of an expression', () => {
  const cases = ['neuron', 'chain', 'softmax-cross-entropy', '3-2-2', 'h1 = tanh(a*u + b*v); h2 = tanh(v*d + u*c); (p*h1 + q*h2 - 1)^2'];

  it.each(cases)('%s: the numbers are those of the graph', what => {
    const graph = explainAny(what, { seed: 5 });
    const source = isNet(what) ? expandNet(what) : what;
    const pass = explainMatrices({ expression: source, seed: 5 });
    expect(pass.value).toBeCloseTo(graph.value, 14);
    const { inputs, layers } = shape(presets.find(({ name }) => name === what)?.expression ?? source)!;
    const names: [string, string[]][] = layers.flatMap(({ weights, biases }, i): [string, string[]][] => [
      [`dW${i + 1}`, weights.flat()],
      ...(biases === null ? [] : [[`db${i + 1}`, [...biases]] as [string, string[]]]),
    ]);
    if (layers.length === 0) names.push(['dZ', [...inputs]]);
    for (const [matrix, elements] of names) {
      const got = pass.backward.find(({ name }) => name === matrix)!.rows.flat();
      const want = elements.map(element => graph.nodes.find(({ id }) => id === element)!.gradient!);
      expect(got.length).toBe(want.length);
      got.forEach((value, i) => void expect(value, elements[i]).toBeCloseTo(want[i], 13));
    }
    for (const { name, relativeError } of pass.check) expect(relativeError, name).toBeLessThan(1e-7);
  });

  it('goes back through the output of the chain, layer by layer', () => {
    const pass = explainMatrices({ expression: 'chain' });
    expect(pass.backward.slice(0, 5).map(({ equation }) => equation)).toEqual([
      'dA5 = 2 (A5 − T)',
      'dZ5 = dA5 ⊙ A5 ⊙ (1 − A5)',
      'dW5 = dZ5ᵀ A4',
      'dA4 = dZ5 W5',
      'dZ4 = dA4 ⊙ A4 ⊙ (1 − A4)',
    ]);
    expect(pass.lossEquation).toBe('L = Σ (A5 − T)²');
    expect(renderMatrices(pass).split('\n')[0]).toBe('A net of layers 1-1-1-1-1-1, sigmoid, squared error');
  });

  it('shows the softmax as P − T', () => {
    const pass = explainMatrices({ expression: 'softmax-cross-entropy' });
    const [p] = pass.forward.find(({ name }) => name === 'P')!.rows;
    expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 15);
    expect(pass.backward).toEqual([
      { name: 'dZ', equation: 'dZ = P − T', meaning: 'from the loss', rows: [[p[0] - 1, p[1], p[2]].map(v => expect.closeTo(v, 14))] },
    ]);
    expect(renderMatrices(pass).split('\n')[0]).toBe('A softmax of 3 logits, cross-entropy');
  });

  it('says what has matrices, of what has none', () => {
    let caught: unknown;
    try {
      explainMatrices({ expression: 'u + v' });
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({
      message: expect.stringMatching(/^explain: the expression is not made of layers, .*w1\*x1 \+ w2\*x2 \+ b/),
      hint: 'Such are the examples multiplication, neuron, chain, softmax-cross-entropy, and nets such as 2-2-1.',
    });
  });
});
