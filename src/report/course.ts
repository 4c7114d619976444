/** The course of a run from its events, as metrics.jsonl holds them: also of one that was killed, went on, and told some steps twice. */
import type { EvaluationEvent } from '../experiment/evaluation-event.ts';
import type { BatchEnd, EpochEnd, Statistics, TrainBegin, TrainEnd, TrainEvent } from '../train/events.ts';

export interface RunCourse {
  /** How it began, at first and each time it went on. At least one. */
  readonly sittings: readonly TrainBegin[];
  /** Each epoch done once, in order. */
  readonly epochs: readonly EpochEnd[];
  /** Batches, each once, in order: as many as were kept. */
  readonly batches: readonly BatchEnd[];
  /** What the layers looked like, where that was asked for. */
  readonly statistics: readonly Statistics[];
  /** Each message once. */
  readonly warnings: readonly string[];
  /** How it ended at last; null for a run that is under way, was killed, or failed. */
  readonly end: TrainEnd | null;
  /** Figures on the test part; null where there are none. */
  readonly test: EvaluationEvent | null;
  /** Lines that could not be read: a process was killed while it wrote. */
  readonly unreadable: number;
}

type Event = TrainEvent | EvaluationEvent;

/** Reads the lines of metrics.jsonl; null where training never began. */
export function readCourse(text: string): RunCourse | null {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  const events = lines.map(parseLine);
  const course = new Course();
  for (const event of events) if (event !== null) course.take(event);
  if (course.sittings.length === 0) return null;
  const { sittings, epochs, batches, statistics, warnings, end, test } = course;
  return {
    sittings,
    epochs,
    batches,
    statistics,
    warnings: [...warnings],
    end,
    test,
    unreadable: events.filter(event => event === null).length,
  };
}

function parseLine(line: string): Event | null {
  try {
    const event = JSON.parse(line);
    return typeof event?.type === 'string' ? withNumbers(event) : null;
  } catch {
    return null;
  }
}

/** JSON has no NaN: a figure that was not finite comes back as null. */
function withNumbers(event: Event): Event {
  if (!('logs' in event)) return event;
  const logs = Object.fromEntries(Object.entries(event.logs ?? {}).map(([name, value]) => [name, value ?? Number.NaN]));
  return { ...event, logs };
}

class Course {
  readonly sittings: TrainBegin[] = [];
  readonly epochs: EpochEnd[] = [];
  readonly batches: BatchEnd[] = [];
  readonly statistics: Statistics[] = [];
  readonly warnings: Set<string> = new Set();
  end: TrainEnd | null = null;
  test: EvaluationEvent | null = null;

  take(event: Event): void {
    switch (event.type) {
      case 'trainBegin':
        this.sittings.push(event);
        // What came after the checkpoint from which it goes on is done again.
        dropFrom(this.epochs, one => one.epoch > event.startEpoch);
        this.end = null;
        this.test = null;
        break;
      case 'epochEnd':
        dropFrom(this.epochs, one => one.epoch >= event.epoch);
        this.epochs.push(event);
        break;
      case 'batchEnd':
        dropFrom(this.batches, one => one.globalStep >= event.globalStep);
        this.batches.push(event);
        break;
      case 'statistics':
        dropFrom(this.statistics, one => one.globalStep >= event.globalStep);
        this.statistics.push(event);
        break;
      case 'warning':
        this.warnings.add(event.message);
        break;
      case 'trainEnd':
        this.end = event;
        break;
      case 'evaluation':
        if (event.part === 'test') this.test = event;
        break;
    }
  }
}

/** Takes off the end of an ordered list all that is to go. */
function dropFrom<T>(list: T[], goes: (one: T) => boolean): void {
  while (list.length > 0 && goes(list[list.length - 1])) list.pop();
}
