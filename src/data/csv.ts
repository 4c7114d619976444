/** CSV text to a table of cells. */
import Papa from 'papaparse';
import { UserError } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import { brief, type MissingPolicy, type Table, type TableOptions, type TableSchema, tableDataset, tableRows } from './table.ts';

export interface CsvOptions extends TableOptions {
  /** What to call the text in an error, such as its path. */
  readonly source?: string;
  /** The first line holds names. Default true; without it columns are called '0', '1', ... */
  readonly header?: boolean;
  /** One character; found out from the text by default. */
  readonly delimiter?: string;
}

/**
 * Reads a table with labels.
 *
 * ```ts
 * const { dataset, schema } = parseCsv(text, { source: 'iris.csv', label: 'species' });
 * const { train, validation } = dataset.split({ validation: 0.2, seed: 1, stratified: true });
 * const standardizer = Standardizer.fit(train);
 * ```
 *
 * @throws UserError with source, line and column for a ragged row, a missing cell (unless `missing` says otherwise), or a word among numbers
 */
export function parseCsv(text: string, options: CsvOptions = {}): { dataset: Dataset; schema: TableSchema } {
  return tableDataset(readCsv(text, options), options);
}

/**
 * Reads rows to predict on by the schema of training: columns by name where there is a header (others, the label included, may be there or not),
 * else by position.
 *
 * @returns features [rows, width]; a missing number is NaN, for `Standardizer.apply` to fill if training did so
 */
export function parseRows(text: string, schema: TableSchema, source = 'CSV', missing: MissingPolicy = 'error'): Float32Array {
  return tableRows(readCsv(text, { source, header: schema.header }), schema, missing);
}

/** The cells of a CSV text. */
export function readCsv(text: string, { source = 'CSV', header = true, delimiter }: CsvOptions = {}): Table {
  const rows: string[][] = [];
  const lines: number[] = [];
  let names: string[] | null = null;
  let line = 1;
  const clean = text.startsWith('\ufeff') ? text.slice(1) : text;
  const parsed = Papa.parse<string[]>(clean, { skipEmptyLines: false, delimiter: delimiter ?? guessDelimiter(clean) });
  const broken = parsed.errors.find(e => e.type === 'Quotes');
  if (broken !== undefined) {
    throw new UserError(
      `${source}: a quoted cell is not closed as it should be, at or after row ${(broken.row ?? 0) + 1}: ${broken.message}`,
    );
  }
  for (const row of parsed.data) {
    const at = line;
    line += 1 + row.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0); // a quoted cell may hold line breaks
    if (row.length === 1 && row[0].trim() === '') continue;
    if (names === null && header) {
      names = row.map(cell => cell.trim());
      const twice = names.find((name, i) => names!.indexOf(name) !== i);
      if (twice !== undefined)
        throw new UserError(`${source}, line ${at}: two columns are called '${brief(twice)}'; give each a name of its own`);
      continue;
    }
    names ??= row.map((_, i) => String(i));
    if (row.length !== names.length) {
      throw new UserError(
        `${source}, line ${at}: ${row.length} cells, but ${header ? 'the header' : 'the first row'} has ${names.length}; complete the row or quote cells that contain the delimiter`,
      );
    }
    rows.push(row);
    lines.push(at);
  }
  if (names === null) throw new UserError(`${source}: the file is empty`);
  return { names, rows, lines, unit: 'line', header, source };
}

/** The one of , ; tab | that is commonest in the first line, quoted cells apart; a comma where there is none. */
function guessDelimiter(text: string): string {
  const first = text
    .replace(/"[^"]*"/g, '')
    .trimStart()
    .split('\n', 1)[0];
  const counts = [',', ';', '\t', '|'].map(d => [d, first.split(d).length] as const);
  return counts.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
