/** A person's table as points: two columns of numbers and one to learn, each coordinate with mean 0 and deviation 1. */
import { parseCsv } from '../../../../src/data/csv.ts';
import { Standardizer } from '../../../../src/data/standardizer.ts';
import { UserError } from '../../../../src/errors.ts';
import { MOST_POINTS, rounded } from './points-code.ts';

export interface CsvPoints {
  readonly points: readonly (readonly number[])[];
  readonly target: 'class' | 'value';
  /** What the axes and the classes are called in the file. */
  readonly columns: readonly [x: string, y: string];
  readonly label: string;
  readonly classNames: readonly string[];
  /** Rows left out, where there are more than an address holds. */
  readonly leftOut: number;
}

/** The names in the first line, for choosing among them; empty where there is none. */
export function columnNames(text: string): string[] {
  const first = text
    .replace(/^\ufeff/, '')
    .trimStart()
    .split(/\r?\n/, 1)[0];
  const delimiter = [',', ';', '\t', '|'].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best));
  return first === '' ? [] : first.split(delimiter).map(name => name.trim().replace(/^"(.*)"$/s, '$1'));
}

/**
 * @param columns names of the two inputs and of what is to be learned; default: the first two, and the last
 * @throws UserError with line and column
 */
export function pointsFromCsv(text: string, source: string, columns: { x?: string; y?: string; label?: string } = {}): CsvPoints {
  const names = columnNames(text);
  if (names.length < 3) {
    throw new UserError(
      `${source}: ${names.length} column${names.length === 1 ? '' : 's'} found; three are needed: two of numbers, and one with the class or value to learn`,
    );
  }
  const label = columns.label ?? names.at(-1)!;
  const rest = names.filter(name => name !== label);
  const chosen = [columns.x ?? rest[0], columns.y ?? rest.find(name => name !== (columns.x ?? rest[0]))!];
  const { dataset, schema } = parseCsv(text, { source, label, ignore: names.filter(name => name !== label && !chosen.includes(name)) });
  const words = schema.columns.find(column => column.kind === 'categorical');
  if (words !== undefined) throw new UserError(`${source}: the column '${words.name}' holds words; choose two columns of numbers`);
  if (schema.columns.length !== 2) throw new UserError(`${source}: choose two different columns for the axes`);
  if (schema.classNames.length > 6) {
    throw new UserError(`${source}: the column '${label}' has ${schema.classNames.length} classes; up to 6 can be told apart here`);
  }
  const used = dataset.take(MOST_POINTS);
  const standard = Standardizer.fit(used).transform(used);
  const order = chosen.map(name => schema.columns.findIndex(column => column.name === name));
  const isClass = used.targetKind === 'class';
  const scale = isClass ? 1 : Math.max(...Array.from({ length: used.length }, (_, i) => Math.abs(used.target(i)))) || 1;
  return {
    points: Array.from({ length: used.length }, (_, i) => {
      const row = standard.raw(i);
      return [rounded(row[order[0]]), rounded(row[order[1]]), isClass ? used.target(i) : rounded(used.target(i) / scale)];
    }),
    target: used.targetKind,
    columns: [chosen[0], chosen[1]],
    label,
    classNames: schema.classNames,
    leftOut: dataset.length - used.length,
  };
}
