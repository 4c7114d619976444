import { expandNet, explain, explainMatrices } from 'chainrule/explain';
import { expect, it } from 'vitest';
import { UserError } from '../../../../src/errors.ts';
import { limits } from '../../../../src/explain/syntax.ts';
import { reasonInWords } from './words.ts';

/** One for every reason that the library has for refusing an expression. */
const bad: readonly string[] = [
  'x'.repeat(limits.characters + 1),
  'x**2',
  'x $ y',
  'x \u0007 y',
  '',
  'a = x; x + 1; a',
  'a = x; b = x; b',
  'exp = 3*x; exp',
  'pi = 3*x; pi',
  'a = x; a = 2*x; a',
  'x + 1; y = x; y',
  'b = a + x; a = x; a + b',
  'a = a + 1; a',
  'x * 1e999',
  'foo(x)',
  'sigmoid(x, y)',
  'max(x)',
  '2x',
  '2(x)',
  'x + * y',
  '(x',
  'max(x, y',
  'exp x',
  'x y',
  'x +\ny',
  `${'('.repeat(limits.depth + 1)}x${')'.repeat(limits.depth + 1)}`,
  `x${'+x'.repeat(limits.operations + 1)}`,
  'sqrt(x - x)',
  'log(x - x)',
  '1 + 2',
];

it.each(bad)('says in words of its own what is wrong with %j', source => {
  let reason = '';
  try {
    explain(source, { values: {} });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    reason = (error as { reason?: string }).reason ?? (error as Error).message.replace(/^explain: /, '');
  }
  expect(reason).not.toBe('');
  expect(reasonInWords(reason)).not.toBe(reason);
});

it('says in words of its own what is wrong with a net', () => {
  for (const sizes of ['10-2', '9-9-9']) {
    let reason = '';
    try {
      expandNet(sizes);
    } catch (error) {
      reason = (error as Error).message.replace(/^explain: /, '');
    }
    expect(reason).not.toBe('');
    expect(reasonInWords(reason)).not.toBe(reason);
  }
  expect(() => explainMatrices({ layers: [2, 1], loss: 'crossEntropy' })).toThrow(/cross-entropy needs at least 2 outputs/);
});
