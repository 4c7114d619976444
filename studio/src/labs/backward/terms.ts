/** A step as pieces of a formula, each with its number. */
import type { ExplainGraph, GraphEdge, GraphNode } from 'chainrule/explain';
import { m } from '../../paraglide/messages.js';
import type { Key } from './lit.svelte.ts';
import { termsOf } from './steps.ts';
import { texName, texOf, texPartial } from './tex.ts';
import { n, signed } from './words.ts';

export type Piece =
  | { readonly sign: string }
  | {
      readonly tex: string;
      readonly number: string;
      readonly look: 'value' | 'gradient' | 'local';
      readonly keys: Key;
      readonly name: string;
    };

export function valuePiece({ id, value }: GraphNode): Piece {
  return { tex: texName(id), number: n(value), look: 'value', keys: `v:${id}`, name: m.backward_value_of({ name: id }) };
}

export function gradientPiece({ id, gradient }: GraphNode, loss: string): Piece {
  return { tex: texPartial(loss, id), number: n(gradient!), look: 'gradient', keys: `g:${id}`, name: m.backward_gradient_of({ name: id }) };
}

/** z1 = w1 × x1, piece by piece: names with their values, and the signs between them. */
export function forwardPieces(node: GraphNode, graph: ExplainGraph): Piece[] {
  const inputs = new Map(
    graph.edges.filter(({ to }) => to === node.id).map(({ from }) => [from, graph.nodes.find(({ id }) => id === from)!]),
  );
  const names = new Set(inputs.keys());
  const right = node.equation.slice(node.equation.indexOf(' = ') + 3);
  const pieces: Piece[] = [valuePiece(node), { sign: '=' }];
  let between = '';
  const flush = (): void => {
    if (between.trim() !== '') pieces.push({ sign: texOf(between.trim(), new Set(), '') });
    between = '';
  };
  for (const token of right.match(/[\p{L}_][\p{L}\p{M}\p{Nd}_]*|[^\p{L}_]+/gu) ?? []) {
    if (!names.has(token)) {
      between += token;
      continue;
    }
    flush();
    pieces.push(valuePiece(inputs.get(token)!));
  }
  flush();
  return pieces;
}

/** ∂L/∂u = ∂L/∂z × v: what arrives from above times the local derivative. */
export function edgePieces(edge: GraphEdge, graph: ExplainGraph): Piece[] {
  const [from, to] = [edge.from, edge.to].map(id => graph.nodes.find(node => node.id === id)!);
  const names = new Set(graph.nodes.map(({ id }) => id));
  const partial = texPartial(graph.loss, from.id);
  return [
    {
      tex: from.fanOut === null ? partial : `\\left.${partial}\\right|_{${texName(to.id)}}`,
      number: n(edge.product!),
      look: 'gradient',
      keys: `p:${edge.id}`,
      name: from.fanOut === null ? m.backward_gradient_of({ name: from.id }) : m.backward_part_of({ name: from.id, by: to.id }),
    },
    { sign: '=' },
    { ...(gradientPiece(to, graph.loss) as Exclude<Piece, { sign: string }>), number: n(edge.upstream!) },
    { sign: '\\times' },
    {
      tex: texOf(edge.rule, names, m.backward_otherwise()),
      number: signed(edge.localDerivative!),
      look: 'local',
      keys: `l:${edge.id}`,
      name: m.backward_local_of({ of: to.id, by: from.id }),
    },
  ];
}

/** At a common variable: ∂L/∂u as the sum of what came along each edge. */
export function sumPieces(node: GraphNode, graph: ExplainGraph): Piece[] {
  const parts = termsOf(node, graph.edges).flatMap((edge, i): Piece[] => [
    { sign: i === 0 ? '=' : '+' },
    {
      tex: `\\left.${texPartial(graph.loss, node.id)}\\right|_{${texName(edge.to)}}`,
      number: i === 0 ? n(edge.product!) : signed(edge.product!),
      look: 'gradient',
      keys: `p:${edge.id}`,
      name: m.backward_part_of({ name: node.id, by: edge.to }),
    },
  ]);
  return [gradientPiece(node, graph.loss), ...parts];
}
