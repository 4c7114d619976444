/** What the page asks of the worker, and what it answers. */
import type { ExplainGraph, GradientCheck, MatrixPass, NetActivation } from 'chainrule/explain';

export interface Subject {
  readonly source: string;
  readonly values: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly activation: NetActivation;
  readonly loss: 'squared' | 'crossEntropy';
}

export interface Questions {
  graph: { readonly ask: Subject; readonly answer: ExplainGraph };
  /** The same pass in matrices, with the values of the graph; for what has no layers, trouble. */
  matrices: { readonly ask: Subject; readonly answer: MatrixPass };
  /** The numerical gradient of one value. */
  check: { readonly ask: Subject & { readonly node: string }; readonly answer: GradientCheck };
  /** The number that an expression without variables is. */
  number: { readonly ask: { readonly text: string }; readonly answer: number };
}

export type Kind = keyof Questions;

export interface Request<K extends Kind = Kind> {
  readonly id: number;
  readonly kind: K;
  readonly ask: Questions[K]['ask'];
}

/** What was wrong, and where in the source, if it was in the source. */
export interface Trouble {
  readonly message: string;
  readonly at: number | null;
}

export type Reply = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly trouble: Trouble };
