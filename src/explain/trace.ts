/** Runs a program through the library's own ops and autograd, and writes down what they did. Derivatives are the ops' own: none is computed here. */
import { grad, observeEdges } from '../autograd/backward.ts';
import { noGrad, observeOps } from '../autograd/mode.ts';
import type { AnyOp } from '../autograd/op.ts';
import { add, div, mul, neg, pow, sub } from '../ops/arithmetic.ts';
import { tensor } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Origin, Tensor } from '../tensor/tensor.ts';
import { functions, wordsOf } from './functions.ts';
import type { GraphEdge, GraphNode } from './graph.ts';
import { type Expression, errorAt, type Program } from './syntax.ts';
import { short } from './text.ts';

/** A pass over a program: what each piece of it became. */
interface Evaluation {
  readonly output: Tensor;
  /** the variables, by name */
  readonly leaves: ReadonlyMap<string, Tensor>;
  /** every op applied, by its output, in order */
  readonly origins: ReadonlyMap<Tensor, Origin>;
  /** the piece of the source of every value */
  readonly pieces: ReadonlyMap<Tensor, Expression>;
  /** definitions and the result's name, by value */
  readonly names: ReadonlyMap<Tensor, string>;
}

/** The whole number or number that an exponent is, if it is written as one: then the op takes it as a parameter, as the library does. */
function literal(expression: Expression): number | null {
  return expression.type === 'number' ? expression.value : null;
}

/** A piece of the program whose value is to be another by so much. */
export interface Nudge {
  readonly piece: Expression;
  readonly by: number;
}

function run(program: Program, values: ReadonlyMap<string, number>, requiresGrad: boolean, nudge?: Nudge): Evaluation {
  const env = new Map<string, Tensor>();
  const pieces = new Map<Tensor, Expression>();
  const names = new Map<Tensor, string>();
  const origins = new Map<Tensor, Origin>();
  for (const name of program.variables) env.set(name, tensor(values.get(name)!, { requiresGrad, name }));
  const leaves = new Map(env);

  const evaluate = (expression: Expression): Tensor => {
    const applied = apply(expression);
    const made = nudge?.piece === expression ? add(applied, tensor(nudge.by)) : applied;
    if (!pieces.has(made)) pieces.set(made, expression);
    const value = made.item();
    if (!Number.isFinite(value)) {
      const what = program.source.slice(expression.start, expression.end).trim();
      const inputs = origins
        .get(made)
        ?.inputs.map(input => short(input.item()))
        .join(' and ');
      throw errorAt(
        program.source,
        expression.start,
        `${what} is ${value}${inputs === undefined ? '' : ` (of ${inputs})`}; give values for which it is a finite number`,
      );
    }
    return made;
  };
  const apply = (expression: Expression): Tensor => {
    switch (expression.type) {
      case 'number':
        return tensor(expression.value);
      case 'name':
        return env.get(expression.name)!;
      case 'negative':
        return neg(evaluate(expression.of));
      case 'call':
        return functions[expression.name].apply(...expression.args.map(evaluate));
      case 'binary': {
        const left = evaluate(expression.left);
        const exponent = expression.operator === '^' ? literal(expression.right) : null;
        if (exponent !== null) return pow(left, exponent);
        const right = evaluate(expression.right);
        const op = { '+': add, '-': sub, '*': mul, '/': div, '^': pow }[expression.operator];
        return op(left, right);
      }
    }
  };
  const output = observeOps(
    (made, origin) => void origins.set(made, origin),
    () => {
      for (const { name, value } of program.definitions) {
        const made = evaluate(value);
        env.set(name, made);
        if (!names.has(made) && made.name === '') names.set(made, name);
      }
      return evaluate(program.result);
    },
  );
  if (program.resultName !== null && !names.has(output) && output.name === '') names.set(output, program.resultName);
  return { output, leaves, origins, pieces, names };
}

/** The value of a program, nothing else. */
export function evaluateProgram(program: Program, values: ReadonlyMap<string, number>, nudge?: Nudge): number {
  return step(() => noGrad(() => run(program, values, false, nudge).output.item()));
}

/** Forward and backward over a program: nodes in the order of the forward pass, edges, and who the output is. On the current backend. */
export function trace(
  program: Program,
  values: ReadonlyMap<string, number>,
  chosen: ReadonlySet<string>,
): {
  readonly nodes: GraphNode[];
  readonly edges: GraphEdge[];
  readonly output: string;
  readonly loss: string;
  /** the piece of the program that a node was computed from */
  readonly pieceOf: ReadonlyMap<string, Expression>;
} {
  return step(() => {
    const evaluation = run(program, values, true);
    const { output, leaves, origins, pieces } = evaluation;
    const tensors = [...new Set([...leaves.values(), ...[...origins].flatMap(([made, { inputs }]) => [...inputs, made]), output])].sort(
      (a, b) => a.id - b.id,
    );
    const ids = namesFor(tensors, evaluation, new Set([...program.variables, ...program.definitions.map(({ name }) => name)]));
    const { gradients, products } = backwardPass(output, tensors);
    const gradientOf = (x: Tensor): number | null => (x.requiresGrad ? (gradients.get(x) ?? 0) : null);

    // In equations a number is itself, however many nodes there are of it.
    const spoken = (x: Tensor): string => (origins.has(x) || leaves.has(x.name) ? ids.get(x)! : short(x.item(), 6));

    const edges: GraphEdge[] = [];
    for (const [made, { op, inputs, attrs }] of origins) {
      const local = localDerivatives(made, origins.get(made)!);
      const rules = wordsOf(op.name).rules(
        inputs.map(input => spoken(input)),
        ids.get(made)!,
        parameters(attrs),
      );
      inputs.forEach((input, i) => {
        const product = products.get(made)?.[i] ?? (input.requiresGrad ? 0 : null);
        const flows = input.requiresGrad;
        edges.push({
          id: `e${edges.length + 1}`,
          from: ids.get(input)!,
          to: ids.get(made)!,
          input: i,
          localDerivative: flows ? local[i] : null,
          rule: rules[i],
          upstream: flows ? gradientOf(made) : null,
          product: flows ? product : null,
        });
      });
    }
    checkFinite(program, evaluation, edges, ids);

    const nodes = tensors.map((x): GraphNode => {
      const id = ids.get(x)!;
      const origin = origins.get(x);
      const piece = pieces.get(x);
      const expression = piece === undefined ? id : program.source.slice(piece.start, piece.end).trim();
      const uses = edges.filter(edge => edge.from === id && edge.product !== null);
      const fanOut =
        uses.length < 2 ? null : { terms: uses.map(({ id: edge, to, product }) => ({ edge, to, product: product! })), sum: gradientOf(x)! };
      const place = piece === undefined || leaves.has(id) ? null : { start: piece.start, end: piece.end };
      const common = { id, place, value: x.item(), gradient: gradientOf(x), fanOut };
      if (origin === undefined) {
        const constant = !leaves.has(id);
        const label = constant ? short(x.item(), 6) : id;
        const start = {
          ...common,
          kind: constant ? 'constant' : 'leaf',
          operation: null,
          label,
          expression: constant ? expression : id,
          formula: '',
        };
        return constant ? { ...start, equation: label } : { ...start, equation: id, chosen: chosen.has(id) ? 'default' : 'given' };
      }
      const words = wordsOf(origin.op.name);
      const inputs = origin.inputs.map(spoken);
      return {
        ...common,
        kind: origin.op.name,
        operation: words.operation,
        label: words.label,
        expression,
        equation: `${id} = ${words.equation(inputs, parameters(origin.attrs))}`,
        formula: origin.op.formula,
      };
    });
    const pieceOf = new Map([...pieces].map(([x, piece]) => [ids.get(x)!, piece]));
    return { nodes, edges, output: ids.get(output)!, loss: lossName(output, evaluation, program), pieceOf };
  });
}

/** ∂L/∂x of every value, and what passed each edge, from one backward pass of the library. */
function backwardPass(output: Tensor, tensors: readonly Tensor[]): { gradients: Map<Tensor, number>; products: Map<Tensor, number[]> } {
  const products = new Map<Tensor, number[]>();
  const wanted = tensors.filter(x => x.requiresGrad);
  const gradients = new Map<Tensor, number>();
  observeEdges(
    (made, input, gradient) => {
      const list = products.get(made) ?? [];
      list[input] = gradient.item();
      products.set(made, list);
    },
    () =>
      grad(output, wanted, { allowUnused: true }).forEach((gradient, i) => {
        if (gradient !== null) gradients.set(wanted[i], gradient.item());
      }),
  );
  return { gradients, products };
}

/** ∂z/∂input of each input: the op's own backward rule, asked with an upstream gradient of 1. */
function localDerivatives(made: Tensor, { op, inputs, attrs }: Origin): (number | null)[] {
  return noGrad(() =>
    (op as AnyOp)
      .backward(tensor(1), inputs, made, attrs)
      .map((thunk, i) => (thunk === null || !inputs[i].requiresGrad ? null : thunk().item())),
  );
}

function parameters(attrs: unknown): { readonly p?: number } {
  return (attrs ?? {}) as { readonly p?: number };
}

/** Names for values that have none: constants by their number, the others z1, z2, ... or another letter where the user has such names. */
function namesFor(tensors: readonly Tensor[], { leaves, names, origins }: Evaluation, taken: Set<string>): Map<Tensor, string> {
  const prefix =
    ['z', 'u', 'v', 'node_', 'value_'].find(letter => ![...taken].some(name => new RegExp(`^${letter}\\d+$`).test(name))) ?? '_value_';
  const ids = new Map<Tensor, string>();
  const used = new Set<string>();
  for (const [name, leaf] of leaves) ids.set(leaf, name);
  let count = 0;
  for (const x of tensors) {
    if (ids.has(x)) continue;
    const number = short(x.item(), 6);
    let id = names.get(x) ?? (origins.has(x) ? `${prefix}${++count}` : number);
    // The same number twice is two nodes, as it is written twice.
    for (let again = 2; used.has(id); again++) id = `${number}#${again}`;
    used.add(id);
    ids.set(x, id);
  }
  return ids;
}

/** The output's own name, or L where that is free. */
function lossName(output: Tensor, { names, leaves }: Evaluation, program: Program): string {
  const named = names.get(output) ?? (output.name || null);
  if (named !== null) return named;
  const taken = leaves.has('L') || program.definitions.some(({ name }) => name === 'L');
  return taken ? 'result' : 'L';
}

/** A gradient that is not a number says where: √u at 0, for one. */
function checkFinite(program: Program, { pieces }: Evaluation, edges: readonly GraphEdge[], ids: ReadonlyMap<Tensor, string>): void {
  const infinite = (v: number | null): boolean => v !== null && !Number.isFinite(v);
  const bad = edges.find(({ localDerivative }) => infinite(localDerivative)) ?? edges.find(({ product }) => infinite(product));
  if (bad === undefined) return;
  const piece = [...pieces].find(([made]) => ids.get(made) === bad.to)?.[1];
  const what = piece === undefined ? bad.to : program.source.slice(piece.start, piece.end).trim();
  const quantity = infinite(bad.localDerivative) ? bad.localDerivative : bad.product;
  const name = infinite(bad.localDerivative)
    ? `the derivative of ${what} with respect to ${bad.from}`
    : `the gradient that ${what} hands to ${bad.from}`;
  throw errorAt(program.source, piece?.start ?? 0, `${name} is ${quantity} here; give other values`);
}
