import { type Command, Option } from 'commander';
import { type Capabilities, detectCapabilities, type OutputStream } from './terminal/capabilities.ts';

/** Flags that every drawing command has. */
export interface DrawingFlags {
  readonly ascii?: boolean;
  readonly color?: boolean;
}

/** Where a command writes, and what can be drawn there. */
export interface Output {
  readonly stream: OutputStream;
  readonly capabilities: Capabilities;
  /** Writes lines; without text, an empty one. */
  line(text?: string): void;
}

export function addDrawingFlags(command: Command): Command {
  return command
    .addOption(new Option('--ascii', 'draw with plain characters only'))
    .addOption(new Option('--color', 'draw in colour, also where there is no terminal').default(undefined))
    .addOption(new Option('--no-color', 'draw without colours').default(undefined));
}

export function outputFor(stream: OutputStream, { ascii, color }: DrawingFlags = {}): Output {
  const capabilities = detectCapabilities(stream, process.env, { ascii: ascii || undefined, color });
  return { stream, capabilities, line: (text = '') => void stream.write(`${text}\n`) };
}
