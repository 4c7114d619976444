import { Option } from 'commander';
import { checkedThreads } from '../backend/wasm/spawn.ts';
import { UsageError } from './errors.ts';

/** `--threads N`. It is no part of an experiment, because results do not depend on it. */
export function threadsFlag(): Option {
  return new Option('--threads <N>', 'threads that large operations are shared out among; the result is the same bits with any number')
    .argParser(threadsFrom)
    .default(undefined, 'CHAINRULE_THREADS, else one for each processor, at most 8');
}

function threadsFrom(text: string): number {
  try {
    return checkedThreads(text.trim() === '' ? Number.NaN : Number(text), '--threads', text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
