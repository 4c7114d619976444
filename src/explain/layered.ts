/** The layers of a net, found in an expression that is written out in numbers. */
import type { NetActivation } from './presets.ts';
import type { Expression, Program } from './syntax.ts';

/** Names in place of numbers: what a matrix is filled from. */
export interface Layer {
  /** a unit a row, a column for each input */
  readonly weights: readonly (readonly string[])[];
  /** one for each unit; null where there are none */
  readonly biases: readonly string[] | null;
  readonly activation: NetActivation | null;
}

export interface Layered {
  /** of the first layer; without any layer, the logits */
  readonly inputs: readonly string[];
  readonly layers: readonly Layer[];
  /** 'none': the one output is the result */
  readonly loss: 'none' | 'squared' | 'crossEntropy';
  /** of squared errors: a name or a number for each output */
  readonly targets: readonly (string | number)[];
  /** of cross-entropy: the right output, from 0 */
  readonly right: number;
}

/** Sizes that can be read as matrices. */
export const MOST = 9;

type Loss = Pick<Layered, 'loss' | 'targets' | 'right'> & { readonly outputs: readonly Expression[] };

interface Product {
  readonly left: Expression;
  readonly right: Expression;
}

interface Unit {
  readonly activation: NetActivation | null;
  readonly products: readonly Product[];
  readonly bias: string | null;
}

/**
 * Reads an expression as layers: units that are sums of weights times inputs, each with all inputs of its layer, with or without a bias, then sigmoid, tanh or
 * relu or nothing; at the end Σ (y - t)², or -log of a softmax, or the one output itself. A softmax of variables alone is a loss without layers.
 *
 * @returns null for an expression of another shape
 */
export function layersOf(program: Program): Layered | null {
  return new Reader(program).read();
}

class Reader {
  readonly #program: Program;
  readonly #definitions: ReadonlyMap<string, Expression>;
  /** how often each variable stands in the text */
  readonly #uses = new Map<string, number>();

  constructor(program: Program) {
    this.#program = program;
    this.#definitions = new Map(program.definitions.map(({ name, value }) => [name, value]));
    for (const { value } of program.definitions) this.#count(value);
    this.#count(program.result);
  }

  read(): Layered | null {
    const { outputs, ...loss } = this.#loss();
    const layers: Layer[] = [];
    let units: readonly Expression[] = outputs;
    while (units.length <= MOST && !units.every(unit => this.#variable(unit) !== null)) {
      const found = this.#layer(units);
      if (found === null || found.inputs.length > MOST || layers.length === MOST - 1) return null;
      layers.unshift(found.layer);
      units = found.inputs;
    }
    if (units.length > MOST || (layers.length === 0 && loss.loss !== 'crossEntropy')) return null;
    const inputs = units.map(unit => this.#variable(unit)!);
    // Each name in one place of the matrices, and all of them.
    const names = [
      ...inputs,
      ...layers.flatMap(({ weights, biases }) => [...weights.flat(), ...(biases ?? [])]),
      ...loss.targets.filter(target => typeof target === 'string'),
    ];
    const isWhole = new Set(names).size === names.length && this.#program.variables.every(name => names.includes(name));
    return isWhole ? { inputs, layers, ...loss } : null;
  }

  #count(expression: Expression): void {
    if (expression.type === 'name') this.#uses.set(expression.name, (this.#uses.get(expression.name) ?? 0) + 1);
    else if (expression.type === 'negative') this.#count(expression.of);
    else if (expression.type === 'call') expression.args.forEach(argument => void this.#count(argument));
    else if (expression.type === 'binary') {
      this.#count(expression.left);
      this.#count(expression.right);
    }
  }

  /** A name's definition, and so on to what is no name, or a variable. The same for the same value wherever it is used. */
  #resolved(expression: Expression): Expression {
    const definition = expression.type === 'name' ? this.#definitions.get(expression.name) : undefined;
    return definition === undefined ? expression : this.#resolved(definition);
  }

  #variable(expression: Expression): string | null {
    const at = this.#resolved(expression);
    return at.type === 'name' && at.name !== 'pi' ? at.name : null;
  }

  /** Whether both are the same value. */
  #same(a: Expression, b: Expression): boolean {
    const [name, other] = [this.#variable(a), this.#variable(b)];
    return name === null ? this.#resolved(a) === this.#resolved(b) : name === other;
  }

  /** a + b + c as its terms; none where there are too many to read. */
  #terms(expression: Expression): readonly Expression[] {
    const terms: Expression[] = [];
    const left = [expression];
    while (left.length > 0 && terms.length <= MOST + 1) {
      const at = this.#resolved(left.pop()!);
      if (at.type === 'binary' && at.operator === '+') left.push(at.right, at.left);
      else terms.push(at);
    }
    return terms.length <= MOST + 1 ? terms : [];
  }

  #loss(): Loss {
    return (
      this.#squaredErrors() ??
      this.#crossEntropy() ?? { loss: 'none', targets: [], right: 0, outputs: [this.#resolved(this.#program.result)] }
    );
  }

  /** (y1 - t1)^2 + (y2 - t2)^2 ... */
  #squaredErrors(): Loss | null {
    const outputs: Expression[] = [];
    const targets: (string | number)[] = [];
    for (const term of this.#terms(this.#program.result)) {
      const error = this.#squared(term);
      if (error?.type !== 'binary' || error.operator !== '-') return null;
      const target = this.#resolved(error.right);
      const name = target.type === 'number' ? target.value : this.#variable(target);
      if (name === null || this.#variable(error.left) !== null) return null;
      outputs.push(this.#resolved(error.left));
      targets.push(name);
    }
    return outputs.length === 0 ? null : { loss: 'squared', targets, right: 0, outputs };
  }

  /** What is squared, by ^2 or by square(...). */
  #squared(expression: Expression): Expression | null {
    if (expression.type === 'call' && expression.name === 'square') return this.#resolved(expression.args[0]);
    if (expression.type !== 'binary' || expression.operator !== '^') return null;
    const power = this.#resolved(expression.right);
    return power.type === 'number' && power.value === 2 ? this.#resolved(expression.left) : null;
  }

  /** -log(exp(z1) / (exp(z1) + exp(z2) + ...)) */
  #crossEntropy(): Loss | null {
    const result = this.#resolved(this.#program.result);
    const log = result.type === 'negative' ? this.#resolved(result.of) : null;
    if (log?.type !== 'call' || !['log', 'ln'].includes(log.name)) return null;
    const share = this.#resolved(log.args[0]);
    if (share.type !== 'binary' || share.operator !== '/') return null;
    const exponentials = this.#terms(share.right);
    const right = exponentials.findIndex(one => this.#same(one, share.left) || this.#sameExponential(one, share.left));
    const outputs = exponentials.map(one => (one.type === 'call' && one.name === 'exp' ? this.#resolved(one.args[0]) : null));
    if (right === -1 || outputs.length < 2 || outputs.includes(null)) return null;
    return { loss: 'crossEntropy', targets: [], right, outputs: outputs as Expression[] };
  }

  /** exp(z1), written twice. */
  #sameExponential(a: Expression, b: Expression): boolean {
    const [one, other] = [this.#resolved(a), this.#resolved(b)];
    return (
      one.type === 'call' && other.type === 'call' && one.name === 'exp' && other.name === 'exp' && this.#same(one.args[0], other.args[0])
    );
  }

  #unit(expression: Expression): Unit | null {
    const at = this.#resolved(expression);
    const isActive = at.type === 'call' && ['sigmoid', 'tanh', 'relu'].includes(at.name);
    const products: Product[] = [];
    let bias: string | null = null;
    for (const term of this.#terms(isActive ? at.args[0] : at)) {
      if (term.type === 'binary' && term.operator === '*') products.push(term);
      else if (this.#variable(term) !== null && bias === null) bias = this.#variable(term);
      else return null;
    }
    return products.length === 0 ? null : { activation: isActive ? (at.name as NetActivation) : null, products, bias };
  }

  /** Units of one activation over the same inputs, and those inputs. */
  #layer(expressions: readonly Expression[]): { layer: Layer; inputs: readonly Expression[] } | null {
    const units = expressions.map(one => this.#unit(one));
    const first = units[0];
    if (first === null || units.some(one => one?.activation !== first.activation || (one?.bias === null) !== (first.bias === null)))
      return null;
    const rows = (units as Unit[]).map(({ products }) => products.map(product => this.#roles(product)));
    if (rows.some(row => row.includes(null))) return null;
    const [inputs, ...others] = rows.map(row => row.map(one => one!.input));
    const isFull = others.every(row => row.length === inputs.length && inputs.every(input => row.some(one => this.#same(one, input))));
    if (!isFull) return null;
    const weights = rows.map(row => inputs.map(input => row.find(one => this.#same(one!.input, input))!.weight));
    const biases = first.bias === null ? null : (units as Unit[]).map(({ bias }) => bias!);
    return { layer: { weights, biases, activation: first.activation }, inputs: inputs.map(one => this.#resolved(one)) };
  }

  /**
   * Which factor is the weight. Of a variable and a unit it is the variable. Of two variables the one that is used again is the input, for other units; else
   * the one that is called x..., else the right one.
   */
  #roles({ left, right }: Product): { weight: string; input: Expression } | null {
    const [a, b] = [this.#variable(left), this.#variable(right)];
    if (a === null) return b === null || this.#resolved(left).type === 'number' ? null : { weight: b, input: left };
    if (b === null) return this.#resolved(right).type === 'number' ? null : { weight: a, input: right };
    const inputness = (name: string): number => (this.#uses.get(name)! > 1 ? 2 : /^x/i.test(name) ? 1 : 0);
    return inputness(a) > inputness(b) ? { weight: b, input: left } : { weight: a, input: right };
  }
}
