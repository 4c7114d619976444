import { formatBytes, formatNumber, formatPercent } from '../../figures/format.ts';
import type { Profile } from '../../train/events.ts';
import type { Output } from '../output.ts';
import { table } from './table.ts';
import { printable, wrap } from './text.ts';

/** Ops shown, the longest first. */
const OPS = 12;
const right = (header: string) => ({ header, align: 'right' as const });
const left = (header: string) => ({ header, align: 'left' as const });

const WORDS: Readonly<Record<string, string>> = {
  data: 'data',
  forward: 'forward pass',
  loss: 'loss, penalties',
  backward: 'backward pass',
  update: 'update',
  validation: 'validation',
  checkpoint: 'checkpoints',
  rest: 'the rest: display, pauses',
};

/** `--profile`: where time and memory went, by phase and by op. */
export function showProfile(output: Output, { wall, phases, ops = [] }: Profile): void {
  const { capabilities } = output;
  const time = (seconds: number): string => `${formatNumber(seconds)} s`;
  const share = (seconds: number): string => formatPercent(wall > 0 ? seconds / wall : 0, 1);
  const rows = phases.map(({ name, seconds, calls, peakBytes }) => [
    WORDS[name],
    time(seconds),
    share(seconds),
    String(calls),
    formatBytes(peakBytes),
  ]);
  rows.push(['together (wall time)', time(wall), share(wall), '', formatBytes(Math.max(0, ...phases.map(phase => phase.peakBytes)))]);
  output.line();
  output.line(table([left('phase'), right('time'), right('share'), right('times'), right('tensors, at most')], rows, capabilities));
  if (ops.length === 0) return;
  const opRows = ops
    .slice(0, OPS)
    .map(({ pass, layer, op, seconds, calls }) => [layer, op, pass, time(seconds), share(seconds), String(calls)]);
  output.line();
  output.line(table([left('layer'), left('op'), left('pass'), right('time'), right('share'), right('times')], opRows, capabilities));
  const note =
    'Each op is timed from the end of the one before it. Measuring itself takes some microseconds an op: small nets train slower with --profile.';
  for (const line of wrap(printable(note, capabilities), capabilities.width, capabilities)) output.line(line);
}
