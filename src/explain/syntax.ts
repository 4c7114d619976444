/** The language of `explain`: from text to a tree. Errors point at the column and say what was expected. */
import { UserError } from '../errors.ts';
import { functionNames, functions } from './functions.ts';
import { columnsOf, visible } from './text.ts';

/** A piece of an expression; `start` and `end` are its place in the source. */
export type Expression = { readonly start: number; readonly end: number } & (
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'negative'; readonly of: Expression }
  | { readonly type: 'binary'; readonly operator: '+' | '-' | '*' | '/' | '^'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
);

/** `h = relu(w*x); h^2` is one definition and a result. A last statement with a name gives the result its name. */
export interface Program {
  readonly source: string;
  readonly definitions: readonly { readonly name: string; readonly value: Expression }[];
  readonly result: Expression;
  readonly resultName: string | null;
  /** names with no definition, in the order in which they first stand in the text: what values must be given for */
  readonly variables: readonly string[];
}

/** What a program may at most be, so that none takes long. */
export const limits = { characters: 4000, depth: 64, operations: 400 } as const;

interface Token {
  readonly kind: 'number' | 'name' | 'symbol' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What else people write for the operators. */
const sameAs: Readonly<Record<string, string>> = { '×': '*', '·': '*', '⋅': '*', '−': '-', '÷': '/', '\n': ';' };
const numberPattern = /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
const namePattern = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;

/** A word of the source for a message, cut where it is long. */
const brief = (text: string): string => visible(text.length <= 40 ? text : `${text.slice(0, 37)}...`);

/** What is wrong at a place of an expression. */
export class ExpressionError extends UserError {
  /** counted from 0, in the source */
  readonly at: number;
  /** what is wrong there, without the place */
  readonly reason: string;

  constructor(message: string, hint: string | undefined, at: number, reason: string) {
    super(message, hint);
    this.at = at;
    this.reason = reason;
  }
}

/** An error at a place of the source: the line, and a caret under the column. */
export function errorAt(source: string, at: number, message: string, hint?: string): ExpressionError {
  const lineStart = source.lastIndexOf('\n', at - 1) + 1;
  const lineEnd = source.indexOf('\n', at) === -1 ? source.length : source.indexOf('\n', at);
  // Of a long line, what is around the column.
  const from = Math.max(lineStart, at - 60);
  const shown = visible(source.slice(from, Math.min(lineEnd, at + 40)));
  const caret = ' '.repeat(columnsOf(visible(source.slice(from, at))));
  const line = source.slice(0, at).split('\n').length;
  const place = source.includes('\n') ? `line ${line}, column ${at - lineStart + 1}` : `column ${at + 1}`;
  return new ExpressionError(`explain: ${place}: ${message}\n  ${shown}\n  ${caret}^`, hint, at, message);
}

/**
 * Reads an expression: numbers, names, + - * / ^ (powers bind from the right, and tighter than the minus before them), parentheses, functions, and
 * definitions `name = expression` before it, divided by `;` or line breaks. A name that is not defined is a variable; `pi` is the number.
 *
 * @throws UserError with the column, what was found there and what was expected
 */
export function parse(source: string): Program {
  if (source.length > limits.characters)
    throw new UserError(`explain: the expression has ${source.length} characters; at most ${limits.characters} are allowed`);
  return new Parser(source).program();
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  let open = 0; // parentheses: a line break inside them is a space
  const push = (kind: Token['kind'], text: string, length = text.length): void => {
    tokens.push({ kind, text, start: at, end: at + length });
    at += length;
  };
  while (at < source.length) {
    const character = String.fromCodePoint(source.codePointAt(at)!);
    const number = match(numberPattern);
    const name = match(namePattern);
    const symbol = character === '\n' && open > 0 ? ' ' : (sameAs[character] ?? character);
    if (source.startsWith('**', at)) throw errorAt(source, at, "'**' is not an operator; a power is written ^, as in x^2");
    if (number !== null) push('number', number);
    else if (name !== null) push('name', name);
    else if ('+-*/^(),;='.includes(symbol)) {
      open = Math.max(0, open + (symbol === '(' ? 1 : symbol === ')' ? -1 : 0));
      push('symbol', symbol, character.length);
    } else if (/\s/.test(character)) at += character.length;
    else {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      throw errorAt(
        source,
        at,
        `${visible(character).trim() === '' ? `the character U+${code}` : `'${visible(character)}'`} is not part of any expression`,
      );
    }
  }
  tokens.push({ kind: 'end', text: '', start: source.length, end: source.length });
  return tokens;
}

class Parser {
  readonly #source: string;
  readonly #tokens: Token[];
  readonly #defined = new Map<string, number>();
  readonly #used = new Set<string>();
  readonly #variables = new Set<string>();
  #next = 0;
  #depth = 0;
  #operations = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  program(): Program {
    const statements: { name: string | null; at: number; value: Expression }[] = [];
    this.#skipDividers();
    if (this.#atEnd) throw new UserError("explain: the expression is empty; write one such as 'sigmoid(w*x + b)'");
    while (!this.#atEnd) {
      statements.push(this.#statement());
      if (!this.#atEnd && this.#token.text !== ';') throw this.#unexpected("an operator, ';' or the end");
      this.#skipDividers();
    }
    const last = statements.pop()!;
    for (const { name, at } of statements) {
      if (name === null)
        throw errorAt(this.#source, at, "only the last of several expressions is the result; give this one a name, as in 'h = ...'");
      if (!this.#used.has(name)) throw errorAt(this.#source, at, `'${brief(name)}' is defined and not used after it`);
    }
    return {
      source: this.#source,
      definitions: statements.map(({ name, value }) => ({ name: name!, value })),
      result: last.value,
      resultName: last.name,
      variables: [...this.#variables],
    };
  }

  get #token(): Token {
    return this.#tokens[this.#next];
  }

  get #atEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #skipDividers(): void {
    while (this.#token.text === ';') this.#next++;
  }

  #statement(): { name: string | null; at: number; value: Expression } {
    const first = this.#token;
    if (first.kind !== 'name' || this.#tokens[this.#next + 1].text !== '=') return { name: null, at: first.start, value: this.#sum() };
    const { text: name, start } = first;
    if (Object.hasOwn(functions, name)) throw errorAt(this.#source, start, `'${brief(name)}' is a function; choose another name`);
    if (name === 'pi') throw errorAt(this.#source, start, "'pi' is a number; choose another name");
    if (this.#defined.has(name)) throw errorAt(this.#source, start, `'${brief(name)}' is defined twice; every name has one meaning`);
    if (this.#variables.has(name)) throw errorAt(this.#source, start, `'${brief(name)}' is used before it is defined here`);
    this.#next += 2;
    const value = this.#sum();
    if (this.#variables.has(name)) throw errorAt(this.#source, start, `'${brief(name)}' is defined by itself`);
    this.#defined.set(name, start);
    return { name, at: start, value };
  }

  #sum(): Expression {
    let left = this.#product();
    while (this.#token.text === '+' || this.#token.text === '-') left = this.#binary(left, () => this.#product());
    return left;
  }

  #product(): Expression {
    let left = this.#signed();
    while (this.#token.text === '*' || this.#token.text === '/') left = this.#binary(left, () => this.#signed());
    return left;
  }

  #binary(left: Expression, readRight: () => Expression): Expression {
    const operator = this.#token.text as '+' | '-' | '*' | '/' | '^';
    this.#count();
    this.#next++;
    const right = readRight();
    return { type: 'binary', operator, left, right, start: left.start, end: right.end };
  }

  /** -x^2 is -(x^2) */
  #signed(): Expression {
    const { text, start } = this.#token;
    if (text !== '-' && text !== '+') return this.#power();
    return this.#deeper(() => {
      this.#next++;
      const of = this.#signed();
      if (text === '+') return { ...of, start };
      if (of.type === 'number') return { type: 'number', value: -of.value, start, end: of.end };
      this.#count();
      return { type: 'negative', of, start, end: of.end };
    });
  }

  /** a^b^c is a^(b^c); the exponent may have a sign */
  #power(): Expression {
    const base = this.#atom();
    if (this.#token.text !== '^') return base;
    return this.#deeper(() => this.#binary(base, () => this.#signed()));
  }

  #atom(): Expression {
    const { kind, text, start, end } = this.#token;
    if (kind === 'number') {
      const value = Number(text);
      if (!Number.isFinite(value)) throw errorAt(this.#source, start, `${brief(text)} is larger than any number here`);
      this.#next++;
      this.#noProduct(text);
      return { type: 'number', value, start, end };
    }
    if (kind === 'name') {
      this.#next++;
      if (Object.hasOwn(functions, text)) return this.#call(text, start);
      if (this.#token.text === '(')
        throw errorAt(
          this.#source,
          start,
          `unknown function '${brief(text)}'; there are ${functionNames.join(', ')}`,
          `for a product write ${brief(text)}*(...)`,
        );
      this.#noProduct(text);
      if (text === 'pi') return { type: 'number', value: Math.PI, start, end };
      if (this.#defined.has(text)) this.#used.add(text);
      else this.#variables.add(text);
      return { type: 'name', name: text, start, end };
    }
    if (text === '(') {
      return this.#deeper(() => {
        this.#next++;
        const inside = this.#sum();
        const close = this.#expect(')', "an operator or ')'");
        this.#noProduct('(...)');
        return { ...inside, start, end: close.end };
      });
    }
    throw this.#unexpected("a number, a name, a function or '('");
  }

  #call(name: string, start: number): Expression {
    const { parameters } = functions[name];
    this.#expect('(', `'(' after the function ${name}`);
    this.#count();
    return this.#deeper(() => {
      const args = [this.#sum()];
      while (this.#token.text === ',') {
        this.#next++;
        args.push(this.#sum());
        this.#count();
      }
      const close = this.#expect(')', "an operator, ',' or ')'");
      const [least, most] = parameters;
      if (args.length < least || args.length > most) {
        const wanted = least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} or ${most}`;
        throw errorAt(
          this.#source,
          start,
          `${name} takes ${wanted} ${wanted === '1' ? 'argument' : 'arguments'}; ${args.length} ${args.length === 1 ? 'is' : 'are'} given`,
        );
      }
      return { type: 'call', name, args, start, end: close.end };
    });
  }

  /** 2x and 2(x) are written with a star. */
  #noProduct(before: string): void {
    const { kind, text, start } = this.#token;
    if (kind === 'number' || kind === 'name' || text === '(')
      throw errorAt(
        this.#source,
        start,
        `expected an operator, but found '${brief(text)}'; a product is written with *, as in ${brief(before)}*${brief(text)}`,
      );
  }

  #expect(symbol: string, expected: string): Token {
    const token = this.#token;
    if (token.text !== symbol) throw this.#unexpected(expected);
    this.#next++;
    return token;
  }

  #unexpected(expected: string): UserError {
    const { kind, text, start } = this.#token;
    const found = kind === 'end' ? 'the end' : text === ';' && this.#source[start] === '\n' ? 'the end of the line' : `'${brief(text)}'`;
    return errorAt(this.#source, start, `expected ${expected}, but found ${found}`);
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > limits.depth) throw errorAt(this.#source, this.#token.start, `nested more than ${limits.depth} deep`);
    const result = read();
    this.#depth--;
    return result;
  }

  #count(): void {
    if (++this.#operations > limits.operations) throw errorAt(this.#source, this.#token.start, `more than ${limits.operations} operations`);
  }
}
