/** A pen on points of one's own. */
import type { PointsData } from '../../../../src/experiment/types.ts';
import { m } from '../../paraglide/messages.js';
import { shell } from '../../shell/shell.svelte.ts';
import { MOST_POINTS, rounded } from './points-code.ts';

export interface Pen {
  /** What a point is given: its class or its value; null erases. */
  readonly target: number | null;
  draw(x: number, y: number): void;
  erase(x: number, y: number): void;
  /** The stroke is over. */
  settle(): void;
  /** The n-th of what can be drawn, by its digit. */
  choose(n: number): void;
}

export interface Sheet {
  readonly data: PointsData;
  readonly reach: number;
  target: number | null;
  change(points: NonNullable<PointsData['points']>): void;
  refuse(reason: string): void;
  settle(): void;
}

export function penOn(sheet: Sheet): Pen {
  return {
    get target() {
      return sheet.target;
    },
    draw(x, y) {
      const given = sheet.data.points ?? [];
      if (given.length >= MOST_POINTS) {
        sheet.refuse(m.play_too_many({ most: String(MOST_POINTS) }));
        return;
      }
      const third = sheet.target ?? 0;
      sheet.change([...given, [rounded(x), rounded(y), third]]);
      const what = sheet.data.target === 'class' ? m.play_draw_class({ n: String(third) }) : m.play_draw_value({ value: String(third) });
      shell.announce(m.play_point_drawn({ x: x.toFixed(1), y: y.toFixed(1), what }));
    },
    erase(x, y) {
      const given = sheet.data.points ?? [];
      let [nearest, distance] = [-1, sheet.reach / 8];
      given.forEach(([px, py], i) => {
        const away = Math.hypot(px - x, py - y);
        if (away < distance) [nearest, distance] = [i, away];
      });
      if (nearest >= 0) sheet.change(given.filter((_, i) => i !== nearest));
    },
    settle: () => sheet.settle(),
    choose(n) {
      const values = sheet.data.target === 'class' ? [0, 1, 2, 3, 4, 5] : [1, 0.5, 0, -0.5, -1];
      sheet.target = n <= values.length ? values[n - 1] : null;
    },
  };
}
