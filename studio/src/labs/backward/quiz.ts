/** The quiz: which gradient is asked for, and whether an answer is right. */
import type { ExplainGraph } from 'chainrule/explain';
import { Random } from '../../../../src/random.ts';

/** Nodes whose gradient can be asked for: all that have one, but for the result's own 1. */
export function askable({ nodes, output }: ExplainGraph): readonly string[] {
  return nodes.filter(({ id, gradient }) => gradient !== null && id !== output).map(({ id }) => id);
}

/** The node of a question: each of them once before any comes again, in an order that depends on the seed alone. */
export function nodeAsked(graph: ExplainGraph, seed: number, question: number): string | null {
  const nodes = askable(graph);
  if (nodes.length === 0) return null;
  const round = Math.floor(question / nodes.length);
  const stream = new Random(seed).stream(`quiz ${round}`);
  const order = [...nodes];
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.int(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order[question % nodes.length];
}

/** Right within 2 %, or to two digits after the point: a person rounds on the way. */
export function isRight(given: number, gradient: number): boolean {
  return Math.abs(given - gradient) <= Math.max(0.02 * Math.abs(gradient), Math.min(0.005, 0.25 * Math.abs(gradient) + 1e-4));
}

/** An answer that is right but for its sign, or for a part of the sum: worth a word of its own. */
export function slipOf(given: number, gradient: number, parts: readonly number[]): 'sign' | 'part' | null {
  if (gradient !== 0 && isRight(-given, gradient)) return 'sign';
  return parts.length > 1 && parts.some(part => isRight(given, part)) ? 'part' : null;
}
