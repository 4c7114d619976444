/** How often something happens, as a person writes it: every 500 steps, every 5 minutes, every epoch. */

export interface Every {
  readonly count: number;
  readonly unit: 'step' | 'minute' | 'epoch';
}

const units: Readonly<Record<string, Every['unit']>> = {
  '': 'epoch',
  epoch: 'epoch',
  epochs: 'epoch',
  step: 'step',
  steps: 'step',
  min: 'minute',
  minute: 'minute',
  minutes: 'minute',
};

/** Reads `500steps`, `5min`, `2epochs`, `epoch`; a number alone counts epochs. Null for anything else. Steps and epochs are whole; minutes need not be. */
export function parseEvery(text: string | number): Every | null {
  const match = /^\s*(\d+\.?\d*|\.\d+)?\s*([a-z]*)\s*$/i.exec(String(text));
  if (match === null || (match[1] === undefined && match[2] === '')) return null;
  const unit = units[match[2].toLowerCase()];
  const count = Number(match[1] ?? 1);
  if (unit === undefined || !(count > 0) || !Number.isFinite(count)) return null;
  return unit === 'minute' || Number.isSafeInteger(count) ? { count, unit } : null;
}

/** What `parseEvery` takes, in words. */
export const everyWanted = 'steps, minutes or epochs, such as 500steps, 5min or 1epoch';
