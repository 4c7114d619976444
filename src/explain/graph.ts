/** What `explain` tells, as plain JSON: what the terminal prints, Graphviz draws and the studio steps through. */
import type { Operation } from './functions.ts';

/** A value of the graph: an input, a number, or what an operation gave. */
export interface GraphNode {
  /** unique: the variable's or definition's name, or a name made up (z1, z2, ...) */
  readonly id: string;
  /** 'leaf' (a variable), 'constant', or the library's name of the op: 'add', 'mul', 'sigmoid' */
  readonly kind: string;
  /** which of the operations of a backward pass it is; null for leaves and constants */
  readonly operation: Operation | null;
  /** what to write in the node: the variable's name, the number, the operator's sign */
  readonly label: string;
  /** the piece of the source it was computed from */
  readonly expression: string;
  /** where that piece stands in the source; of a leaf null */
  readonly place: { readonly start: number; readonly end: number } | null;
  /** 'z1 = w1 × x1'; of a leaf its name */
  readonly equation: string;
  /** the op's formula with its gradient, from the op's own room; empty for leaves and constants */
  readonly formula: string;
  readonly value: number;
  /** ∂L/∂node; null for what no variable went into */
  readonly gradient: number | null;
  /** of a leaf: whether its value was given, or chosen here */
  readonly chosen?: 'given' | 'default';
  /** the fourth operation, the common variable: used more than once, its gradient is the sum of what comes back along each edge; else null */
  readonly fanOut: {
    readonly terms: readonly { readonly edge: string; readonly to: string; readonly product: number }[];
    readonly sum: number;
  } | null;
}

/** One use of a value by an operation. Gradients run along it from `to` to `from`. */
export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** which input of the operation it is: 0 or 1 */
  readonly input: number;
  /** ∂to/∂from with the other input fixed; null where no gradient flows (from a constant) */
  readonly localDerivative: number | null;
  /** the same in words: 'x1', 'z3 (1 − z3)' */
  readonly rule: string;
  /** ∂L/∂to */
  readonly upstream: number | null;
  /** upstream × localDerivative: the part of ∂L/∂from that comes along this edge */
  readonly product: number | null;
}

/** A gradient beside the numerical one, (L(x + h) - L(x - h)) / 2h. */
export interface GradientCheck {
  /** of whose gradient: of a leaf, or of what was asked for */
  readonly leaf: string;
  readonly value: number;
  readonly gradient: number;
  readonly numerical: number;
  readonly h: number;
  /** their difference over the larger of both, or over 1e-6 where both are smaller */
  readonly relativeError: number;
  /** not null at a kink or jump, where the slopes on the two sides differ: the gradient is then one that the op chooses */
  readonly kink: { readonly left: number; readonly right: number } | null;
}

export interface ExplainGraph {
  readonly title: string;
  readonly source: string;
  /** the id of the result */
  readonly output: string;
  /** how the result is called in ∂L/∂x: its name, or L */
  readonly loss: string;
  readonly value: number;
  /** in the order of the forward pass: each after everything it is computed from. The backward pass goes through them from the last. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly check: readonly GradientCheck[];
  /** what a reader should know: values chosen, kinks */
  readonly notes: readonly string[];
}
