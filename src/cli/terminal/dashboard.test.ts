import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { TrainEvent } from '../../train/events.ts';
import type { Output } from '../output.ts';
import { DashboardState, drawDashboard } from './dashboard.ts';
import { dashboardView } from './dashboard-view.ts';
import { allModes, expectDrawable, PLAIN } from './test-modes.ts';
import { displayWidth, stripEscapes } from './text.ts';

const begin: TrainEvent = {
  ...{ type: 'trainBegin', epochs: 3, stepsPerEpoch: 20, batchSize: 10, trainSamples: 200, validationSamples: 10, parameters: 100 },
  ...{ startEpoch: 0, startStep: 0, backend: { name: 'wasm' }, data: 'toys' },
};
const batch = (epoch: number, step: number): TrainEvent => ({
  ...{ type: 'batchEnd', epoch, step, stepsPerEpoch: 20, globalStep: 20 * (epoch - 1) + step, loss: 1 / (20 * (epoch - 1) + step) },
  ...{ logs: { loss: 0.5, accuracy: 0.75 }, lr: 0.001, samples: 10 * step, totalSamples: 200, elapsed: step / 10 },
});
const epochEnd = (epoch: number): TrainEvent => ({
  ...{ type: 'epochEnd', epoch, epochs: 3, logs: { loss: 0.5, accuracy: 0.7, val_loss: 0.6, val_accuracy: 0.65 }, lr: 0.001 },
  ...{ samples: 200, elapsed: 2, validationElapsed: 0.5 },
});
const summary = { mean: 0.25, std: 0.5, min: 0, max: 1, zeros: 0.4 };
const statistics: TrainEvent = {
  ...{ type: 'statistics', epoch: 1, globalStep: 20 },
  layers: [
    { name: '0', kind: 'Flatten', activation: summary },
    { name: '1', kind: 'Linear', weight: summary, gradient: summary, activation: summary, updateRatio: 0.001 },
    { name: '2', kind: 'ReLU', activation: summary },
  ],
};
const warning: TrainEvent = { type: 'warning', code: 'deadUnits', message: 'units are dead', advice: 'Try leakyRelu' };
const told: TrainEvent[] = [
  ...[begin, ...Array.from({ length: 20 }, (_, i) => batch(1, i + 1)), statistics, epochEnd(1)],
  ...[...Array.from({ length: 20 }, (_, i) => batch(2, i + 1)), epochEnd(2), batch(3, 5), warning],
];

function stateOf(events: readonly TrainEvent[]): DashboardState {
  const state = new DashboardState();
  state.heading.push('toys: 200 to train on');
  for (const event of events) state.add(event);
  return state;
}

describe('the screen', () => {
  test.each([
    [80, 24],
    [120, 40],
    [40, 12],
    [200, 60],
  ])('of %i columns and %i rows is never larger, in any way of drawing', (width, height) => {
    for (const capabilities of allModes(width)) {
      for (let count = 0; count <= told.length; count += 4) {
        const lines = drawDashboard(stateOf(told.slice(0, count)), height, capabilities);
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expectDrawable(lines.join('\n'), capabilities);
      }
    }
  });

  test('shows progress, both curves, the layers, warnings with advice, speed and what is left', () => {
    const lines = drawDashboard(stateOf(told), 40, { ...PLAIN, width: 120 }).map(stripEscapes);
    const text = lines.join('\n');
    expect(lines[0]).toBe('toys: 200 to train on');
    // 50 examples in half a second; the epochs before took 2.5 s each, so three quarters of one are left
    expect(lines[1]).toMatch(/^epoch 3\/3 .* 25 % {2}100 samples\/s {2}1\.9s left {2}lr 0\.001/);
    expect(lines[2]).toBe('loss 0.5000  accuracy 75.00 %  val_loss 0.6000  val_accuracy 65.00 %');
    for (const word of ['loss', 'accuracy', 'training', 'validation']) expect(text).toContain(word);
    expect(text).toMatch(/^1 +Linear +0\.5000 +0\.5000 +0\.2500 +0\.5000 +40 % +0\.001/m);
    expect(text).not.toContain('Flatten');
    expect(text).toContain('Warning: units are dead. Try leakyRelu');
  });
});

class Screen extends EventEmitter {
  readonly isTTY = true;
  columns = 80;
  rows = 24;
  text = '';
  write(more: string): boolean {
    this.text += more;
    return true;
  }
}

function watched(isTerminal: boolean): { screen: Screen; view: ReturnType<typeof dashboardView> } {
  const screen = new Screen();
  const capabilities = { ...PLAIN, isTerminal };
  const output: Output = { stream: screen, capabilities, line: (text = '') => void screen.write(`${text}\n`) };
  return { screen, view: dashboardView(output, () => ['toys']) };
}

describe('on a terminal', () => {
  const enter = '\u001b[?1049h\u001b[?25l';
  const leave = '\u001b[?25h\u001b[?1049l';

  test('the screen is taken, drawn anew when its size changes, and given back with the lines of the epochs on it', () => {
    const { screen, view } = watched(true);
    const listeners = process.listenerCount('exit');
    for (const event of told) view.event(event);
    expect(screen.text.startsWith(enter)).toBe(true);
    const before = screen.text.length;
    screen.columns = 40;
    screen.emit('resize');
    const redrawn = screen.text.slice(before);
    expect(redrawn.startsWith('\u001b[H')).toBe(true);
    for (const line of stripEscapes(redrawn).split('\r\n')) expect(displayWidth(line)).toBeLessThanOrEqual(40);
    view.event({ type: 'trainEnd', reason: 'completed', message: '', epoch: 3, globalStep: 60, elapsed: 6 });
    view.close();
    expect(screen.text.split(leave)).toHaveLength(2);
    expect(screen.text.split(leave)[1]).toMatch(
      /^toys\nepoch 1\/3 {2}loss 0\.5000 .*\nepoch 2\/3 .*\nWarning: units are dead\. Try leakyRelu\n$/,
    );
    expect([screen.listenerCount('resize'), process.listenerCount('exit')]).toEqual([0, listeners]);
  });

  test('is given back after an error too', () => {
    const { screen, view } = watched(true);
    view.event(begin);
    view.close();
    expect(screen.text.endsWith(`${leave}toys\n`)).toBe(true);
  });
});

test('without a terminal there are plain lines', () => {
  const { screen, view } = watched(false);
  for (const event of told) view.event(event);
  view.close();
  expect(screen.text).not.toContain('\u001b');
  expect(screen.text).toMatch(/^toys\nepoch 1\/3 {2}loss/);
});
