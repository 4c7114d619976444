/** The schema of auxiliary tasks. What can only be checked against data, that every class is in a group, is checked where heads are built. */
import * as v from 'valibot';
import type { TaskOptions } from './types.ts';

const weight = 'a weight of at least 0';
const classNumber = 'a class number: a whole number of at least 0';

// Figures are called <task>_accuracy and val_<task>_accuracy, heads by the task's name: no two may fall together.
const name = v.pipe(
  v.string('a text'),
  v.check(
    text => /^\p{L}[\p{L}\p{N}_-]*$/u.test(text) && !/^(class|val|val_.*)$/.test(text),
    "a name of letters, digits, '-' and '_', a letter first; 'class', 'val' and 'val_...' are taken",
  ),
);

/** Auxiliary tasks, as plain JSON. */
export const tasksSchema: v.GenericSchema<unknown, readonly TaskOptions[]> = v.array(
  v.strictObject({
    name,
    groups: v.array(
      v.array(v.pipe(v.number(classNumber), v.integer(classNumber), v.minValue(0, classNumber)), 'a list of class numbers'),
      'a list of lists of class numbers',
    ),
    weight: v.optional(v.pipe(v.number(weight), v.finite(weight), v.minValue(0, weight)), 1),
  }),
  'a list of tasks',
) as never;

/** Why tasks of the right form make no sense, or null. */
export function tasksProblem(tasks: readonly TaskOptions[]): string | null {
  const names = new Set<string>();
  for (const { name, groups } of tasks) {
    if (names.has(name)) return `there are two tasks called '${name}'; each needs a name of its own`;
    names.add(name);
    if (groups.length < 2) return `'${name}' has ${groups.length} group${groups.length === 1 ? '' : 's'}; it must have at least 2`;
    const empty = groups.findIndex(group => group.length === 0);
    if (empty >= 0) return `group ${empty + 1} of '${name}' is empty; every group must have at least one class`;
    const classes = groups.flat();
    const twice = classes.find((c, i) => classes.indexOf(c) < i);
    if (twice !== undefined) return `'${name}' names class ${twice} twice; every class must be in exactly one group`;
  }
  return null;
}
