/** Where nodes, edges and their labels stand: by dagre, in pixels. */
import { Graph, layout } from '@dagrejs/dagre';
import type { ExplainGraph } from 'chainrule/explain';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Route {
  /** an SVG path from input to operation */
  readonly path: string;
  /** the middle of the label */
  readonly label: { readonly x: number; readonly y: number };
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Box>;
  readonly edges: ReadonlyMap<string, Route>;
}

export type Direction = 'LR' | 'TB';

export const labelSize = { width: 84, height: 40 } as const;

/** A card is as wide as its longest line. */
export function cardSize({ id, label, fanOut, operation }: ExplainGraph['nodes'][number]): { width: number; height: number } {
  const head = operation === null ? label : `${id} ${label}`;
  const sum = fanOut === null ? 0 : 2 + Math.min(3, fanOut.terms.length) * 9;
  const longest = Math.max(head.length + 2, 12, sum);
  return { width: Math.round(longest * 7.4 + 22), height: fanOut === null ? 68 : 86 };
}

export function layOut({ nodes, edges }: ExplainGraph, direction: Direction): Layout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: 22, ranksep: direction === 'LR' ? 26 : 30, edgesep: 12, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, cardSize(node));
  for (const { id, from, to } of edges) graph.setEdge(from, to, { ...labelSize, labelpos: 'c' }, id);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: new Map(
      nodes.map(({ id }) => {
        const { x, y, width, height } = graph.node(id) as Box;
        return [id, { x, y, width, height }];
      }),
    ),
    edges: new Map(
      edges.map(({ id, from, to }) => {
        const { points, x, y } = graph.edge(from, to, id) as { points: { x: number; y: number }[]; x: number; y: number };
        return [id, { path: smooth(points), label: { x, y } }];
      }),
    ),
  };
}

/** A curve through the corners that dagre gives: straight at both ends, bent between. */
function smooth(points: readonly { x: number; y: number }[]): string {
  const at = ({ x, y }: { x: number; y: number }): string => `${round(x)} ${round(y)}`;
  const middle = (a: { x: number; y: number }, b: { x: number; y: number }): { x: number; y: number } => ({
    x: (a.x + b.x) / 2,
    y: (a.y + b.y) / 2,
  });
  if (points.length < 3) return `M${points.map(at).join('L')}`;
  let path = `M${at(points[0])}L${at(middle(points[0], points[1]))}`;
  for (let i = 1; i < points.length - 1; i++) path += `Q${at(points[i])} ${at(middle(points[i], points[i + 1]))}`;
  return `${path}L${at(points[points.length - 1])}`;
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}

/** The node that an arrow key leads to: along the flow to a neighbour by an edge, if there is one there; else the nearest in that direction. */
export function neighbour(
  from: string,
  key: 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown',
  { nodes }: Layout,
  edges: ExplainGraph['edges'],
): string | null {
  const here = nodes.get(from)!;
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const linked = new Set(edges.flatMap(edge => (edge.from === from ? [edge.to] : edge.to === from ? [edge.from] : [])));
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [id, box] of nodes) {
    if (id === from) continue;
    const along = (box.x - here.x) * dx + (box.y - here.y) * dy;
    const across = Math.abs((box.x - here.x) * dy) + Math.abs((box.y - here.y) * dx);
    if (along <= 1 || across > along * 4) continue;
    const far = along + across * 2 - (linked.has(id) ? 1000 : 0);
    if (far < least) {
      least = far;
      best = id;
    }
  }
  return best;
}
