/** The same pass in code: as a program and as a command, with every value given, so that both end in the same numbers. */
import { type ExplainGraph, isNet } from 'chainrule/explain';
import type { BackwardState } from './state.ts';

function valuesOf(graph: ExplainGraph): [string, number][] {
  return graph.nodes.filter(({ kind }) => kind === 'leaf').map(({ id, value }) => [id, value]);
}

export function asTypeScript({ source, activation, loss }: BackwardState, graph: ExplainGraph): string {
  const values = valuesOf(graph)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');
  const net = isNet(source) ? `activation: '${activation}', loss: '${loss}', ` : '';
  const call = isNet(source) ? 'explainNet' : 'explain';
  return `import { ${call}, renderText } from 'chainrule/explain';

const graph = ${call}(${literal(source)}, { ${net}values: { ${values} } });
console.log(renderText(graph));
`;
}

function literal(source: string): string {
  return `'${source.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

export function asCommand({ source, activation, loss }: BackwardState, graph: ExplainGraph): string {
  const values = valuesOf(graph)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const oneLine = source
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .join('; ');
  const net = isNet(source) ? ` --activation ${activation} --loss ${loss}` : '';
  // In single quotes a shell changes nothing; the language has no single quote.
  return `chainrule explain '${isNet(source) ? source.trim() : oneLine}'${net} --values '${values}'`;
}
