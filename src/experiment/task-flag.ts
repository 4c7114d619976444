/** Auxiliary tasks as they are typed: `even=0,2,4,6,8|1,3,5,7,9`, with a weight `even:0.5=...`, several with `;` between them. */
import { UserError } from '../errors.ts';
import type { TaskOptions } from './types.ts';

/** The JSON of the tasks in a text; `none` for none. What is no number stays text, and the schema says what would fit. */
export function parseTasks(text: string): unknown[] {
  if (text.trim() === '' || text.trim() === 'none') return [];
  return text
    .split(';')
    .filter(one => one.trim() !== '')
    .map(one => {
      const match = /^\s*([^:=]+?)\s*(?::([^=]*))?=(.*)$/s.exec(one);
      if (match === null)
        throw new UserError(
          `--task: ${one.trim()} was given; it must be NAME=CLASSES|CLASSES, as in even=0,2,4,6,8|1,3,5,7,9, or NAME:WEIGHT=CLASSES|CLASSES`,
        );
      const [, name, weight, groups] = match;
      const lists = groups.split('|').map(group => (group.trim() === '' ? [] : group.split(',').map(numberOrText)));
      return { name, groups: lists, ...(weight === undefined ? {} : { weight: numberOrText(weight) }) };
    });
}

function numberOrText(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/** The text that `parseTasks` reads. */
export function formatTasks(tasks: readonly TaskOptions[]): string {
  return tasks.map(({ name, weight, groups }) => `${name}:${weight}=${groups.map(group => group.join(',')).join('|')}`).join(';');
}
