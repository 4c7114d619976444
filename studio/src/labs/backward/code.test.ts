import { type ExplainGraph, explain, explainNet, isNet } from 'chainrule/explain';
import { afterEach, expect, it, vi } from 'vitest';
import { run } from '../../../../src/cli/program.ts';
import { asCommand, asTypeScript } from './code.ts';
import { type BackwardState, stateCodec } from './state.ts';

afterEach(() => vi.restoreAllMocks());

const states: readonly BackwardState[] = [
  { ...stateCodec.initial, values: { w1: 0.1 + 0.2, x1: -1e-7, w2: 3, x2: 1 / 3, b: -0.5 } },
  { ...stateCodec.initial, source: '2-2-1', values: { w1_11: 0.7 }, activation: 'tanh' },
  { ...stateCodec.initial, source: 'h = relu(w*x)\n\n y = h^2 ; y - 값', values: { w: 1.5, x: 2, 값: 4 } },
];

const graphOf = ({ source, values, activation, loss }: BackwardState): ExplainGraph =>
  isNet(source) ? explainNet(source, { values, activation, loss }) : explain(source, { values });

it.each(states)('the command for $source ends in the same bits', async state => {
  const graph = graphOf(state);
  let written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    written += String(text);
    return true;
  });
  const words = asCommand(state, graph)
    .match(/'[^']*'|\S+/g)!
    .map(word => word.replace(/^'|'$/g, ''));
  expect(words[0]).toBe('chainrule');
  await run([...words.slice(1), '--json']);
  const same: ExplainGraph = JSON.parse(written);
  const numbers = ({ nodes }: ExplainGraph) => nodes.map(({ id, value, gradient }) => [id, value, gradient]);
  expect(numbers(same)).toEqual(numbers(graph));
});

it.each(states)('the program for $source ends in the same bits', state => {
  const graph = graphOf(state);
  const call = /const graph = (.+);/.exec(asTypeScript(state, graph))![1];
  const same: ExplainGraph = new Function('explain', 'explainNet', `return ${call}`)(explain, explainNet);
  expect(same.nodes).toEqual(graph.nodes.map(node => (node.kind === 'leaf' ? { ...node, chosen: 'given' } : node)));
});
