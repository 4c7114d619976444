/** Gives readers inputs that are nearly right, and holds them to their word: a clear error, or a result that is what the input says. */
import { UserError } from '../../src/errors.ts';
import { Random, type Stream } from '../../src/random.ts';

export interface Target<Input = unknown> {
  readonly name: string;
  /** A changed input. */
  readonly make: (stream: Stream) => Input;
  /** Reads it, and throws where a result is not what it must be; a `UserError` says that the input was refused. */
  readonly read: (input: Input) => void | Promise<void>;
  /** Bytes that reading may allocate, for an input of so many bytes. Default: 64 for each, and 256 kB. */
  readonly budget?: (bytes: number) => number;
}

export interface FuzzReport {
  readonly name: string;
  readonly count: number;
  readonly accepted: number;
  readonly refused: number;
  /** The longest that one input took, in ms of processor time, and the most bytes of typed arrays one allocated. */
  readonly slowest: number;
  readonly most: number;
}

/** No input of these sizes needs nearly as long; a loop that does not end, or is quadratic, does. */
const MOST_MILLISECONDS = 2000;

export interface FuzzOptions {
  /** Told every thousand inputs. */
  readonly tick?: (done: number) => void;
  /** Processor time that one input may take. Default 2000. */
  readonly mostMilliseconds?: number;
}

/** @throws Error that says by which input the reader was caught, and how */
export async function fuzz(
  target: Target,
  count: number,
  seed: number,
  { tick = () => {}, mostMilliseconds = MOST_MILLISECONDS }: FuzzOptions = {},
): Promise<FuzzReport> {
  const report = { accepted: 0, refused: 0, slowest: 0, most: 0 };
  const meter = allocationMeter();
  try {
    for (let i = 0; i < count; i++) {
      const input = target.make(new Random(seed * 1_000_003 + i).stream(target.name));
      meter.reset();
      const began = process.cpuUsage();
      try {
        await target.read(input);
        report.accepted++;
      } catch (error) {
        if (!(error instanceof UserError))
          throw found(target, seed, i, input, error instanceof Error ? (error.stack ?? error.message) : String(error));
        if (error.message.length > 4000) throw found(target, seed, i, input, `a message of ${error.message.length} characters`);
        report.refused++;
      }
      const { user, system } = process.cpuUsage(began);
      const milliseconds = (user + system) / 1000;
      report.slowest = Math.max(report.slowest, milliseconds);
      if (milliseconds > mostMilliseconds) throw found(target, seed, i, input, `it took ${Math.round(milliseconds)} ms`);
      const allocated = meter.bytes();
      report.most = Math.max(report.most, allocated);
      const allowed = (target.budget ?? usualBudget)(sizeOf(input));
      if (allocated > allowed) throw found(target, seed, i, input, `it allocated ${allocated} bytes of typed arrays, more than ${allowed}`);
      if (i % 1000 === 999) tick(i + 1);
    }
  } finally {
    meter.restore();
  }
  return { name: target.name, count, ...report };
}

const usualBudget = (bytes: number): number => 262_144 + 64 * bytes;

function sizeOf(input: unknown): number {
  if (input instanceof Uint8Array || typeof input === 'string') return input.length;
  return JSON.stringify(input)?.length ?? 0;
}

function found(target: Target, seed: number, i: number, input: unknown, what: string): Error {
  const shown = input instanceof Uint8Array ? Buffer.from(input).toString('base64') : JSON.stringify(input);
  return new Error(
    `${target.name}, seed ${seed}, input ${i}: ${what}\nThe input (${input instanceof Uint8Array ? 'base64' : 'JSON'}): ${shown}`,
  );
}

const KINDS = [
  'ArrayBuffer',
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
] as const;

/** Counts what is asked for by length in `new Float32Array(n)` and the like: a header that lies would have it large, whether or not it is then filled. */
function allocationMeter(): { reset(): void; bytes(): number; restore(): void } {
  let bytes = 0;
  const globals = globalThis as unknown as Record<string, new (...args: unknown[]) => object>;
  const originals = new Map(KINDS.map(kind => [kind, globals[kind]]));
  for (const kind of KINDS) {
    const width = (originals.get(kind) as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
    globals[kind] = new Proxy(originals.get(kind)!, {
      construct(type, args, newTarget) {
        if (typeof args[0] === 'number' && args[0] > 0) bytes += args[0] * width;
        return Reflect.construct(type, args, newTarget);
      },
    });
  }
  return {
    reset: () => {
      bytes = 0;
    },
    bytes: () => bytes,
    restore: () => {
      for (const [kind, original] of originals) globals[kind] = original;
    },
  };
}
