import { describe, expect, it } from 'vitest';
import { type Expression, limits, parse } from './syntax.ts';

/** The tree with every operation in parentheses. */
function shown(e: Expression): string {
  if (e.type === 'number') return String(e.value);
  if (e.type === 'name') return e.name;
  if (e.type === 'negative') return `(-${shown(e.of)})`;
  if (e.type === 'call') return `${e.name}(${e.args.map(shown).join(',')})`;
  return `(${shown(e.left)}${e.operator}${shown(e.right)})`;
}

const tree = (source: string): string => shown(parse(source).result);
const error = (source: string): string => {
  try {
    parse(source);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return 'no error';
};

describe('parse', () => {
  it.each([
    ['a + b*c', '(a+(b*c))'],
    ['a - b - c', '((a-b)-c)'],
    ['a / b / c * d', '(((a/b)/c)*d)'],
    ['-x^2', '(-(x^2))'],
    ['a^b^c', '(a^(b^c))'],
    ['2^-x', '(2^(-x))'],
    ['(-3)^2*x', '((-3^2)*x)'],
    ['--x', '(-(-x))'],
    ['+x', 'x'],
    ['a*-b', '(a*(-b))'],
    ['max(a, b+1, c)', 'max(a,(b+1),c)'],
    ['1.5e-3*x + .5', '((0.0015*x)+0.5)'],
    ['2 × u · v ÷ w − t', '((((2*u)*v)/w)-t)'],
    ['가중치*입력 + 편향', '((가중치*입력)+편향)'],
    ['w_1*h1_2', '(w_1*h1_2)'],
    ['(a\n+ b)', '(a+b)'],
    ['pi*r', `(${Math.PI}*r)`],
  ])('%s', (source, want) => {
    expect(tree(source)).toBe(want);
  });

  it('reads definitions, divided by ; or line breaks', () => {
    const program = parse('h = w*x; g = h^2\n\nL = g + h;');
    expect(program.definitions.map(({ name, value }) => [name, shown(value)])).toEqual([
      ['h', '(w*x)'],
      ['g', '(h^2)'],
    ]);
    expect(program.resultName).toBe('L');
    expect(program.variables).toEqual(['w', 'x']);
    expect(parse('x + constructor*__proto__').variables).toEqual(['x', 'constructor', '__proto__']);
  });

  it.each([
    ['w1*x1 + * b', "explain: column 9: expected a number, a name, a function or '(', but found '*'\n  w1*x1 + * b\n          ^"],
    ['2x', "explain: column 2: expected an operator, but found 'x'; a product is written with *, as in 2*x\n  2x\n   ^"],
    ['(a)(b)', "explain: column 4: expected an operator, but found '('; a product is written with *, as in (...)*(\n  (a)(b)\n     ^"],
    ['max(x)', 'explain: column 1: max takes at least 2 arguments; 1 is given\n  max(x)\n  ^'],
    ['1 + exp(x, y)', 'explain: column 5: exp takes 1 argument; 2 are given\n  1 + exp(x, y)\n      ^'],
    ['log x', "explain: column 5: expected '(' after the function log, but found 'x'\n  log x\n      ^"],
    ['log(x', "explain: column 6: expected an operator, ',' or ')', but found the end\n  log(x\n       ^"],
    ['(x + y', "explain: column 7: expected an operator or ')', but found the end\n  (x + y\n        ^"],
    ['x)', "explain: column 2: expected an operator, ';' or the end, but found ')'\n  x)\n   ^"],
    ['a ** 2', "explain: column 3: '**' is not an operator; a power is written ^, as in x^2\n  a ** 2\n    ^"],
    ['x + 3 $ y', "explain: column 7: '$' is not part of any expression\n  x + 3 $ y\n        ^"],
    ['x +\u202e y', 'explain: column 4: the character U+202E is not part of any expression\n  x +  y\n     ^'],
    [
      '입력 + 편향 값',
      "explain: column 9: expected an operator, but found '값'; a product is written with *, as in 편향*값\n  입력 + 편향 값\n              ^",
    ],
    [
      'a = b\nc = a*\nc',
      "explain: line 2, column 7: expected a number, a name, a function or '(', but found the end of the line\n  c = a*\n        ^",
    ],
    ['h = x; 3*y', "explain: column 1: 'h' is defined and not used after it\n  h = x; 3*y\n  ^"],
    ['x; y', "explain: column 1: only the last of several expressions is the result; give this one a name, as in 'h = ...'\n  x; y\n  ^"],
    ['h = h + 1', "explain: column 1: 'h' is defined by itself\n  h = h + 1\n  ^"],
    ['y = h; h = x; y*h', "explain: column 8: 'h' is used before it is defined here\n  y = h; h = x; y*h\n         ^"],
    ['h = x; h = y; h', "explain: column 8: 'h' is defined twice; every name has one meaning\n  h = x; h = y; h\n         ^"],
    ['sin = 3', "explain: column 1: 'sin' is a function; choose another name\n  sin = 3\n  ^"],
    ['1e999*x', 'explain: column 1: 1e999 is larger than any number here\n  1e999*x\n  ^'],
    [' \n ', "explain: the expression is empty; write one such as 'sigmoid(w*x + b)'"],
  ])('of %j says what is wrong, and where', (source, message) => {
    expect(error(source)).toBe(message);
  });

  it('names the functions there are, and shows of a long line what is around the column', () => {
    expect(error('a + foo(x)')).toContain("column 5: unknown function 'foo'; there are exp, log, ln,");
    const long = error(`${'a + '.repeat(100)}* b`);
    expect(long).toContain('column 401');
    expect(
      Math.max(
        ...long
          .split('\n')
          .slice(1)
          .map(line => line.length),
      ),
    ).toBeLessThan(110);
  });

  it('refuses what would take long, without taking long', () => {
    expect(error('x'.repeat(limits.characters + 1))).toBe('explain: the expression has 4001 characters; at most 4000 are allowed');
    expect(error(`${'('.repeat(70)}x${')'.repeat(70)}`)).toContain('nested more than 64 deep');
    expect(error(`${'-'.repeat(3000)}x`)).toContain('nested more than 64 deep');
    expect(error(Array(1500).fill('x').join('^'))).toContain('nested more than 64 deep');
    expect(error(Array(1000).fill('x').join('+'))).toContain('more than 400 operations');
    expect(error(`max(${Array(1000).fill('x').join(',')})`)).toContain('more than 400 operations');
  });
});

it('cuts a word of any length in its messages', () => {
  const long = '9'.repeat(2000);
  for (const source of [`x ${long}`, long, `${'a'.repeat(2000)}(1)`, `x = ${'b'.repeat(2000)} = 1`])
    expect(error(source).length, source.slice(0, 10)).toBeLessThan(700);
});
