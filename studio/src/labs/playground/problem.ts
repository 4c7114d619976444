import { checkPoints, points as drawnPoints } from '../../../../src/data/points/points.ts';
import type { PointsData } from '../../../../src/experiment/types.ts';
import { inWords } from '../../lib/reasons.ts';
import { m } from '../../paraglide/messages.js';

const leastPoints = 4;

/** Why data cannot be trained on, in words; null where it can. */
export function problemOf(data: PointsData): string | null {
  if (data.shape === 'own') {
    const given = data.points ?? [];
    if (given.length < leastPoints) return m.play_too_few({ count: String(given.length), least: String(leastPoints) });
    if (data.target === 'class' && given.every(point => point[2] === given[0][2])) return m.play_one_class();
  }
  try {
    checkPoints(data);
    drawnPoints(data);
    return null;
  } catch (error) {
    return inWords(error);
  }
}
