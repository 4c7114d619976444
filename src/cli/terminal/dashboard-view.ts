import type { Output } from '../output.ts';
import type { Capabilities, OutputStream } from './capabilities.ts';
import { DashboardState, drawDashboard } from './dashboard.ts';
import { type Introduction, progressView, type TrainingView } from './training-view.ts';

/** A stream that tells its height, and when it changes. */
type Screen = OutputStream & {
  readonly rows?: number | undefined;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
};

/** Milliseconds between two drawings, at least. */
const PAUSE = 100;
/** The other screen, without a cursor; and back. What was on the terminal is there again afterwards. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/**
 * `--watch`: the whole screen, drawn anew in place, on a terminal; plain lines elsewhere. However the program ends, short of SIGKILL, the terminal is as it
 * was, and the lines of the epochs stand on it.
 */
export function dashboardView(output: Output, introduce: Introduction): TrainingView {
  const { capabilities } = output;
  if (!capabilities.isTerminal) return progressView(output, introduce);
  const stream: Screen = output.stream;
  const state = new DashboardState();
  // What stays on the terminal afterwards: as without --watch.
  const kept: string[] = [];
  const after = progressView(keeper(kept, capabilities), introduce);
  let drawn = Number.NEGATIVE_INFINITY;
  let isOpen = false;
  const draw = (): void => {
    drawn = performance.now();
    const size = { ...capabilities, width: stream.columns ?? capabilities.width };
    const lines = drawDashboard(state, stream.rows ?? 24, size);
    stream.write(`\u001b[H${lines.map(line => `${line}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  const restore = (): void => {
    if (isOpen) stream.write(LEAVE);
    isOpen = false;
  };
  const open = (): void => {
    isOpen = true;
    stream.write(ENTER);
    stream.on?.('resize', draw);
    // A second Ctrl-C, and errors that nobody catches.
    process.once('exit', restore);
  };
  const close = (): void => {
    if (!isOpen) return;
    restore();
    stream.off?.('resize', draw);
    process.off('exit', restore);
    after.close();
    for (const line of kept.splice(0)) stream.write(line);
  };
  return {
    event(event) {
      state.add(event);
      if (event.type !== 'batchEnd') after.event(event);
      if (event.type === 'trainBegin') {
        state.heading.push(...introduce(event));
        open();
      }
      if (event.type === 'trainEnd') close();
      else if (event.type !== 'batchEnd' || performance.now() - drawn >= PAUSE) draw();
    },
    message(text) {
      if (isOpen) state.heading.unshift(text);
      else output.line(text);
    },
    close,
  };
}

/** Writes into a list. */
function keeper(kept: string[], capabilities: Capabilities): Output {
  const stream = { write: (text: string) => kept.push(text), isTTY: false };
  return { stream, capabilities: { ...capabilities, isTerminal: false }, line: (text = '') => void stream.write(`${text}\n`) };
}
