/** The graph in the language of Graphviz. */
import type { ExplainGraph, GraphNode } from './graph.ts';
import { short } from './text.ts';

export interface DotOptions {
  /** Significant digits. Default 4. */
  readonly digits?: number;
}

/** Black on light fills, told apart by shape as well. */
const looks: Readonly<Record<string, string>> = {
  leaf: 'shape=box, style="filled,rounded", fillcolor="#dbeafe"',
  constant: 'shape=box, style="filled,dashed", fillcolor="#f3f4f6"',
  addition: 'shape=circle, style=filled, fillcolor="#dcfce7"',
  multiplication: 'shape=circle, style=filled, fillcolor="#fef9c3"',
  activation: 'shape=ellipse, style=filled, fillcolor="#fee2e2"',
};

/**
 * A digraph from left to right: each node with its value and gradient, each edge with upstream × local derivative = product. The output has a double
 * border, a common variable a thick one. `dot -Tsvg` draws it.
 */
export function renderDot(graph: ExplainGraph, { digits = 4 }: DotOptions = {}): string {
  const n = (value: number): string => short(value, digits);
  const lines = [
    'digraph explain {',
    '  rankdir=LR;',
    `  label=${quote(graph.title)};`,
    '  labelloc=t;',
    '  node [fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
  ];
  const place = new Map(graph.nodes.map((node, i) => [node.id, `n${i}`]));
  for (const node of graph.nodes) {
    const rows = [nameOf(node)];
    if (node.kind !== 'constant') rows.push(`= ${n(node.value)}`);
    if (node.gradient !== null) rows.push(`∂${graph.loss}/∂${node.id} = ${n(node.gradient)}`);
    if (node.fanOut !== null) rows.push(`= ${node.fanOut.terms.map(({ product }) => n(product)).join(' + ')}`);
    const extra = `${node.id === graph.output ? ', peripheries=2' : ''}${node.fanOut === null ? '' : ', penwidth=2.5'}`;
    lines.push(`  ${place.get(node.id)} [label=${quote(rows.join('\n'))}, ${looks[node.operation ?? node.kind]}${extra}];`);
  }
  for (const { from, to, upstream, localDerivative, product } of graph.edges) {
    const label = product === null ? '' : ` [label=${quote(`${n(upstream!)} × ${n(localDerivative!)}\n= ${n(product)}`)}]`;
    lines.push(`  ${place.get(from)} -> ${place.get(to)}${label};`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function nameOf({ kind, label, id }: GraphNode): string {
  return kind === 'leaf' || kind === 'constant' ? label : `${id}: ${label}`;
}

function quote(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}
