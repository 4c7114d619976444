/** The pass as a person walks it: forward node by node, then back edge by edge, with the sum at each common variable. */
import type { ExplainGraph, GraphEdge, GraphNode } from 'chainrule/explain';

export type Step =
  /** a value is computed */
  | { readonly kind: 'forward'; readonly node: string }
  /** the output's gradient by itself is 1 */
  | { readonly kind: 'seed'; readonly node: string }
  /** along an edge: upstream × local derivative */
  | { readonly kind: 'edge'; readonly edge: string; readonly node: string }
  /** all parts have arrived at a common variable, and are added */
  | { readonly kind: 'sum'; readonly node: string };

/** Steps in order, and how many of them are forward. */
export interface Walk {
  readonly steps: readonly Step[];
  readonly forward: number;
}

export function walkOf({ nodes, edges, output }: ExplainGraph): Walk {
  const steps: Step[] = nodes.filter(({ operation }) => operation !== null).map(({ id }) => ({ kind: 'forward', node: id }));
  const forward = steps.length;
  steps.push({ kind: 'seed', node: output });
  const missing = new Map(nodes.map(({ id, fanOut }) => [id, fanOut?.terms.length ?? 0]));
  for (const node of nodes.toReversed()) {
    const flowing = edges.filter(({ to, product }) => to === node.id && product !== null);
    for (const { id, from } of flowing) steps.push({ kind: 'edge', edge: id, node: from });
    for (const from of new Set(flowing.map(edge => edge.from))) {
      const before = missing.get(from)!;
      if (before === 0) continue;
      const rest = before - flowing.filter(edge => edge.from === from).length;
      missing.set(from, rest);
      if (rest === 0) steps.push({ kind: 'sum', node: from });
    }
  }
  return { steps, forward };
}

/** What can be seen after so many steps. */
export interface Shown {
  /** nodes whose value is there */
  readonly values: ReadonlySet<string>;
  /** nodes whose whole gradient is there */
  readonly gradients: ReadonlySet<string>;
  /** edges along which the gradient has come */
  readonly products: ReadonlySet<string>;
}

export function shownAfter({ nodes, edges, output }: ExplainGraph, { steps }: Walk, count: number): Shown {
  const done = steps.slice(0, count);
  const values = new Set(nodes.filter(({ operation }) => operation === null).map(({ id }) => id));
  const gradients = new Set<string>();
  const products = new Set<string>();
  const byId = new Map(nodes.map(node => [node.id, node]));
  for (const step of done) {
    if (step.kind === 'forward') values.add(step.node);
    else if (step.kind === 'edge') {
      products.add(step.edge);
      if (byId.get(step.node)!.fanOut === null) gradients.add(step.node);
    } else gradients.add(step.node);
  }
  // A variable that the result does not depend on has the gradient 0 from the start.
  if (products.size > 0)
    for (const { id, gradient } of nodes) if (gradient === 0 && id !== output && !edges.some(({ from }) => from === id)) gradients.add(id);
  return { values, gradients, products };
}

/** The steps of a fan-out's parts, in the order in which they arrive. */
export function termsOf(node: GraphNode, edges: readonly GraphEdge[]): readonly GraphEdge[] {
  return (node.fanOut?.terms ?? []).map(({ edge }) => edges.find(({ id }) => id === edge)!).toReversed();
}

/** A set of gradients that must be covered so that one cannot be read off elsewhere: its own, what comes along its edges, and all that is made from it. */
export function coveredBy(
  node: string,
  { edges }: ExplainGraph,
): { readonly nodes: ReadonlySet<string>; readonly products: ReadonlySet<string> } {
  const nodes = new Set([node]);
  const products = new Set(edges.filter(({ from }) => from === node).map(({ id }) => id));
  const queue = [node];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const edge of edges) {
      if (edge.to !== id) continue;
      products.add(edge.id);
      if (!nodes.has(edge.from)) {
        nodes.add(edge.from);
        queue.push(edge.from);
      }
    }
  }
  // A covered node's parts from elsewhere would give it away together with its sum only; the sum is covered, the parts may stay.
  return { nodes, products };
}
