import { describe, expect, it } from 'vitest';
import { explain } from './explain.ts';
import { explainMatrices, type MatrixPass } from './matrices.ts';
import { explainNet, explainPreset } from './presets.ts';
import { renderDot } from './render-dot.ts';
import { renderMatrices } from './render-matrices.ts';
import { renderText } from './render-text.ts';
import { columnsOf } from './text.ts';

describe('renderText', () => {
  it('writes the page of a common variable', () => {
    expect(renderText(explainPreset('common-variable'))).toBe(
      [
        'A variable used twice: what comes back along its uses is added up',
        '  z = 3*u',
        '  w = u^2',
        '  z + w',
        '',
        'Inputs',
        '  u = 2',
        '',
        'Forward',
        '  z = 3 × u   = 3 × 2  = 6   multiplication',
        '  w = u^2     = 2^2    = 4   activation',
        '  z1 = z + w  = 6 + 4  = 10  addition',
        '',
        'Backward: what arrives from above times the local derivative',
        '  ∂L/∂z1 = 1',
        '  z1 = z + w  addition',
        '    ∂L/∂z = ∂L/∂z1 × 1 = 1 × 1 = 1',
        '    ∂L/∂w = ∂L/∂z1 × 1 = 1 × 1 = 1',
        '  w = u^2  activation',
        '    ∂L/∂u, one part = ∂L/∂w × (2 u) = 1 × 4 = 4',
        '  z = 3 × u  multiplication',
        '    ∂L/∂u, one part = ∂L/∂z × 3 = 1 × 3 = 3',
        '  u is a common variable, used 2 times: the parts are added',
        '    ∂L/∂u = 4 + 3 = 7',
        '',
        'Gradients, and the check by central differences',
        '     ∂L/∂·  numerical  relative error',
        '  u      7          7         5.2e-12',
      ].join('\n'),
    );
  });

  it('puts negative values in parentheses where a sign would be misread', () => {
    const text = renderText(explain('max(u, v)^2 - 3*u', { values: { u: -2, v: -0.5 } }));
    expect(text).toContain('= max(-2, -0.5)');
    expect(text).toContain('= (-0.5)^2');
    expect(text).toContain('= 3 × (-2)');
    expect(text).toContain('= 0.25 − (-6)');
  });

  it('keeps to the width, in ASCII where asked, with colours where asked', () => {
    const graph = explainNet('3-4-2');
    for (const width of [40, 60, 100]) {
      const page = renderText(graph, { width });
      expect(Math.max(...page.split('\n').map(columnsOf))).toBeLessThanOrEqual(width);
    }
    const plain = renderText(graph, { unicode: false });
    expect(/^[\n -~]*$/.test(plain)).toBe(true);
    expect(plain).toContain('dL/dw2_11');
    const colored = renderText(graph, { color: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(renderText(graph));
    expect(colored).not.toBe(renderText(graph));
  });
});

describe('renderDot', () => {
  it('draws nodes with values and gradients, edges with their product', () => {
    const dot = renderDot(explain('w*x + 2*w', { values: { w: -0.5, x: 0.6 }, title: 'a "title"' }));
    expect(dot).toContain('label="a \\"title\\"";');
    expect(dot).toContain('n0 [label="w\\n= -0.5\\n∂L/∂w = 2.6\\n= 0.6 + 2", shape=box');
    expect(dot).toContain('n0 -> n2 [label="1 × 0.6\\n= 0.6"];');
    expect(dot).toContain('n3 -> n4;');
    expect(dot.match(/peripheries=2/g)).toHaveLength(1);
    expect(dot.startsWith('digraph explain {\n')).toBe(true);
    expect(dot.endsWith('}\n')).toBe(true);
  });
});

describe('explainMatrices', () => {
  const of = (pass: MatrixPass, name: string): number[][] =>
    [...pass.inputs, ...pass.forward, ...pass.backward].find(step => step.name === name)!.rows.map(row => [...row]);
  const times = (a: number[][], b: number[][]): number[][] =>
    a.map(row => b[0].map((_, j) => row.reduce((sum, v, k) => sum + v * b[k][j], 0)));
  const transposed = (a: number[][]): number[][] => a[0].map((_, j) => a.map(row => row[j]));
  const near = (got: number[][], want: number[][]): void => {
    expect(got.map(row => row.length)).toEqual(want.map(row => row.length));
    got.flat().forEach((v, i) => {
      expect(Math.abs(v - want.flat()[i])).toBeLessThan(1e-14);
    });
  };

  it.each([
    { layers: [2, 2, 1] },
    { layers: [3, 4, 2, 3], activation: 'tanh', loss: 'crossEntropy', batch: 3 },
    { layers: [2, 5, 2], activation: 'relu', batch: 4, seed: 3 },
  ] as const)('%j: every matrix is what its equation says', options => {
    const pass = explainMatrices(options);
    const last = pass.layers.length - 1;
    const slope = { sigmoid: (a: number) => a * (1 - a), tanh: (a: number) => 1 - a * a, relu: (a: number) => (a > 0 ? 1 : 0) }[
      pass.activations[0] ?? 'sigmoid'
    ];
    for (let l = 1; l <= last; l++) {
      const input = of(pass, l === 1 ? 'X' : `A${l - 1}`);
      near(
        of(pass, `Z${l}`),
        times(input, transposed(of(pass, `W${l}`))).map(row => row.map((v, j) => v + of(pass, `b${l}`)[0][j])),
      );
      near(of(pass, `dW${l}`), times(transposed(of(pass, `dZ${l}`)), input));
      near(of(pass, `db${l}`), [transposed(of(pass, `dZ${l}`)).map(column => column.reduce((a, b) => a + b, 0))]);
      if (l === last) continue;
      near(of(pass, `dA${l}`), times(of(pass, `dZ${l + 1}`), of(pass, `W${l + 1}`)));
      near(
        of(pass, `dZ${l}`),
        of(pass, `dA${l}`).map((row, i) => row.map((v, j) => v * slope(of(pass, `A${l}`)[i][j]))),
      );
    }
    const output = of(pass, `Z${last}`);
    const n = output.length;
    if (pass.loss === 'squared')
      near(
        of(pass, `dZ${last}`),
        output.map((row, i) => row.map((v, j) => (2 * (v - of(pass, 'T')[i][j])) / (n * row.length))),
      );
    else {
      const softmax = output.map(row => row.map(v => Math.exp(v) / row.reduce((sum, w) => sum + Math.exp(w), 0)));
      near(
        of(pass, `dZ${last}`),
        softmax.map((row, i) => row.map((p, j) => (p - of(pass, 'T')[i][j]) / n)),
      );
    }
    for (const { relativeError } of pass.check) expect(relativeError).toBeLessThan(1e-7);
    expect(JSON.parse(JSON.stringify(pass))).toEqual(pass);
  });

  it('is drawn with a matrix under each equation', () => {
    const page = renderMatrices(explainMatrices());
    expect(page).toContain('  Z1 = X W1ᵀ + b1  weighted sums\n    │ ');
    expect(page).toContain('dW2 = dZ2ᵀ A1  the gradient of the weights of layer 2');
    expect(page).toContain('dA1 = dZ2 W2  between the layers: from layer 2 to layer 1');
    expect(/^[\n -~]*$/.test(renderMatrices(explainMatrices(), { unicode: false }))).toBe(true);
    expect(() => explainMatrices({ layers: [2] })).toThrow('explain: layers are [2]; give 2 to 9 sizes, each from 1 to 9, inputs first');
    expect(() => explainMatrices({ batch: 0 })).toThrow('explain: batch is 0; it must be a whole number from 1 to 9');
    expect(() => explainMatrices({ loss: 'crossEntropy' })).toThrow('cross-entropy needs at least 2 outputs');
  });
});
