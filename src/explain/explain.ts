/** The backward pass of an expression, step by step. */
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { Random } from '../random.ts';
import type { ExplainGraph, GradientCheck } from './graph.ts';
import { type Program, parse } from './syntax.ts';
import { short, visible } from './text.ts';
import { evaluateProgram, trace } from './trace.ts';

export interface ExplainOptions {
  /** Values of variables by name. Those left out are chosen: a tenth from -1 to 1, not 0, that depends on the seed and the name alone. */
  readonly values?: Readonly<Record<string, number>>;
  /** For the values chosen. Default 0. */
  readonly seed?: number;
  /** What to call it; the expression itself when left out. */
  readonly title?: string;
}

/**
 * Runs an expression forward and backward in double precision by the library's own ops and autograd, and tells all of it: every value, gradient and
 * local derivative, what flows along each edge, the sum at each variable used more than once, and beside each input's gradient its numerical check.
 *
 *     const graph = explain('sigmoid(w1*x1 + w2*x2 + b)', { values: { w1: 0.5, x1: 2 } });
 *     console.log(renderText(graph));
 *
 * The language is that of `parse`. The result is plain JSON.
 *
 * @throws UserError with the column for what cannot be read or has no finite value; for values of names that are not in the expression
 */
export function explain(expression: string, { values = {}, seed = 0, title }: ExplainOptions = {}): ExplainGraph {
  const program = parse(expression);
  const given = checkValues(program, values);
  return withBackend('reference64', () => {
    const { filled, chosen } = fill(program, given, seed);
    const { nodes, edges, output, loss } = trace(program, filled, chosen);
    const check = program.variables.map(name =>
      checkGradient(name, filled.get(name)!, nodes.find(({ id }) => id === name)!.gradient!, x =>
        evaluateProgram(program, new Map(filled).set(name, x)),
      ),
    );
    const notes = notesOf(chosen, filled, check, seed);
    const value = nodes.find(({ id }) => id === output)!.value;
    return {
      title: title ?? visible(expression).replace(/\s+/g, ' ').trim(),
      source: expression,
      output,
      loss,
      value,
      nodes,
      edges,
      check,
      notes,
    };
  });
}

function checkValues(program: Program, values: Readonly<Record<string, number>>): Map<string, number> {
  const given = new Map<string, number>();
  if (program.variables.length === 0) {
    throw new UserError(
      "explain: the expression has no variable, so that there is nothing to differentiate by; write a name where a number is, as in 'w*3 + 1'",
    );
  }
  for (const [name, value] of Object.entries(values)) {
    if (!program.variables.includes(name)) {
      throw new UserError(
        `explain: a value is given for '${visible(name)}', which is not a variable of the expression; it has ${program.variables.join(', ')}`,
      );
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new UserError(`explain: the value of ${name} is ${String(value)}; it must be a finite number`);
    given.set(name, value);
  }
  return given;
}

/** The values that `explain` takes: those given, and the others chosen. */
export function valuesFor(program: Program, values: Readonly<Record<string, number>>, seed: number): ReadonlyMap<string, number> {
  const given = checkValues(program, values);
  return withBackend('reference64', () => fill(program, given, seed).filled);
}

/** Values for all variables. Where those chosen give no finite result (a logarithm of less than 0), their absolute values are taken. */
function fill(program: Program, given: ReadonlyMap<string, number>, seed: number): { filled: Map<string, number>; chosen: Set<string> } {
  const random = new Random(seed);
  const filled = new Map<string, number>();
  const chosen = new Set<string>();
  for (const name of program.variables) {
    const value = given.get(name);
    if (value === undefined) chosen.add(name);
    const tenth = random.stream(`explain ${name}`).int(20);
    filled.set(name, value ?? (tenth < 10 ? tenth - 10 : tenth - 9) / 10);
  }
  if (chosen.size > 0) {
    try {
      evaluateProgram(program, filled);
    } catch {
      for (const name of chosen) filled.set(name, Math.abs(filled.get(name)!));
    }
  }
  return { filled, chosen };
}

/**
 * The gradient of any value of the graph, a variable or what an operation gave, beside the numerical one: the value is moved by ±h, and all that comes after
 * it is computed anew.
 *
 * @param id of a node of `explain(expression, options)`
 * @throws UserError for what is no node with a gradient
 */
export function checkNode(expression: string, id: string, { values = {}, seed = 0 }: Omit<ExplainOptions, 'title'> = {}): GradientCheck {
  const program = parse(expression);
  const given = checkValues(program, values);
  return withBackend('reference64', () => {
    const { filled, chosen } = fill(program, given, seed);
    const { nodes, pieceOf } = trace(program, filled, chosen);
    const node = nodes.find(one => one.id === id);
    if (node === undefined || node.gradient === null)
      throw new UserError(
        `explain: '${visible(id)}' has no gradient; there are ${nodes.flatMap(one => (one.gradient === null ? [] : [one.id])).join(', ')}`,
      );
    const piece = pieceOf.get(id);
    const moved = (x: number): number =>
      filled.has(id) || piece === undefined
        ? evaluateProgram(program, new Map(filled).set(id, x))
        : evaluateProgram(program, filled, { piece, by: x - node.value });
    return checkGradient(id, node.value, node.gradient, moved);
  });
}

const CUBE_ROOT_OF_EPSILON = 6.0554544523933395e-6;

function checkGradient(leaf: string, value: number, gradient: number, result: (x: number) => number): GradientCheck {
  const at = (x: number): number => {
    try {
      return result(x);
    } catch (error) {
      if (error instanceof UserError) return Number.NaN; // beside the edge of where the expression has a value
      throw error;
    }
  };
  const wanted = CUBE_ROOT_OF_EPSILON * Math.max(1, Math.abs(value));
  const h = value + wanted - value; // a step that rounding does not change
  const slopes = (h: number): { left: number; right: number; jump: number } => {
    const [below, here, above] = [at(value - h), at(value), at(value + h)];
    const [left, right] = [(here - below) / h, (above - here) / h];
    return { left, right, jump: Math.abs(right - left) };
  };
  const { left, right, jump } = slopes(h);
  const numerical = (left + right) / 2; // (L(x + h) - L(x - h)) / 2h
  // On a smooth piece the two slopes come together as h shrinks, in proportion to it; at a kink they stay apart.
  const kinked = jump > 1e-6 * (1 + Math.abs(left) + Math.abs(right)) && jump > 0.25 * slopes(16 * h).jump;
  const relativeError = Math.abs(gradient - numerical) / Math.max(Math.abs(gradient), Math.abs(numerical), 1e-6);
  if (!Number.isFinite(numerical)) {
    throw new UserError(
      `explain: the gradient for ${leaf} cannot be checked: beside ${leaf} = ${value} the expression has no finite value; give another value`,
    );
  }
  return { leaf, value, gradient, numerical, h, relativeError, kink: kinked ? { left, right } : null };
}

function notesOf(
  chosen: ReadonlySet<string>,
  values: ReadonlyMap<string, number>,
  check: readonly GradientCheck[],
  seed: number,
): string[] {
  const notes: string[] = [];
  if (chosen.size > 0) {
    const list = [...chosen].map(name => `${name} = ${values.get(name)}`).join(', ');
    notes.push(
      `No value was given for ${chosen.size === 1 ? 'this variable' : 'these variables'}, so one was chosen (seed ${seed}): ${list}.`,
    );
  }
  for (const { leaf, kink, gradient } of check) {
    if (kink === null) continue;
    notes.push(
      `There is a kink at ${leaf}: the slope is ${short(kink.left)} on the left and ${short(kink.right)} on the right; the backward pass takes ${short(gradient)} by convention.`,
    );
  }
  return notes;
}
