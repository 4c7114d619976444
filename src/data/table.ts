/** Tabular data: a table of texts to a dataset, with a schema by which later rows are read in just the same way. */
import { UserError } from '../errors.ts';
import { Dataset } from './dataset.ts';

/** A column of numbers, one input. */
export interface NumericColumn {
  readonly kind: 'numeric';
  readonly name: string;
}

/** A column of words, one input for each category (1 for the one that is there, 0 for the others). */
export interface CategoricalColumn {
  readonly kind: 'categorical';
  readonly name: string;
  readonly categories: readonly string[];
}

export type Column = NumericColumn | CategoricalColumn;

/** How rows become features; plain JSON, saved with a model so that predict reads rows as training did. */
export interface TableSchema {
  readonly header: boolean;
  readonly columns: readonly Column[];
  readonly label: string;
  readonly labelKind: 'class' | 'value';
  readonly classNames: readonly string[];
}

/**
 * What to do with an empty cell (or NA, NaN, null, ?): refuse it; leave its row out; or put the mean of the training rows. With 'mean' the
 * cell is NaN here and `Standardizer`, fitted on the training part, fills it: the mean must not be learned from validation rows.
 */
export type MissingPolicy = 'error' | 'drop' | 'mean';

export interface TableOptions {
  /** The label column, by name or by position from 0 (negative from the end). Default: the last. */
  readonly label?: string | number;
  /** Columns to leave out. */
  readonly ignore?: readonly (string | number)[];
  /** Columns to take as categories even where they look like numbers. A column with any cell that is no number is one by itself if `infer`. */
  readonly categorical?: readonly (string | number)[];
  /** Take columns without a single number as categories. Default true; a column with some numbers and some words is always an error. */
  readonly infer?: boolean;
  /** 'class' or 'value'. Default: 'class' where the label column holds words, or at most 20 different whole numbers from 0. */
  readonly labelKind?: 'class' | 'value';
  readonly missing?: MissingPolicy;
}

/** A table as texts: CSV as it is, or what another format's cells say. */
export interface Table {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Where each row stands: its line in a text, or its number, from 1. */
  readonly lines: readonly number[];
  /** What `lines` count. */
  readonly unit: 'line' | 'row';
  /** The first row of the text holds names. */
  readonly header: boolean;
  /** What to call it in an error, such as its path. */
  readonly source: string;
}

const MISSING = new Set(['', 'na', 'nan', 'null', 'n/a', '?']);
const isMissing = (cell: string): boolean => MISSING.has(cell.trim().toLowerCase());
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const isNumber = (cell: string): boolean => NUMBER.test(cell.trim());

/**
 * A table with labels as a dataset.
 *
 * @throws UserError with source, row and column for a missing cell (unless `missing` says otherwise), or a word among numbers
 */
export function tableDataset(table: Table, options: TableOptions = {}): { dataset: Dataset; schema: TableSchema } {
  const { missing = 'error', infer = true } = options;
  if (table.rows.length === 0) throw new UserError(`${table.source}: there are no rows of data`);
  const label = columnIndex(table, options.label ?? -1, 'label');
  const ignored = new Set((options.ignore ?? []).map(c => columnIndex(table, c, 'ignore')));
  const forced = new Set((options.categorical ?? []).map(c => columnIndex(table, c, 'categorical')));
  const kept = table.names.map((_, c) => c).filter(c => c !== label && !ignored.has(c));
  if (kept.length === 0)
    throw new UserError(`${table.source}: no column is left to learn from beside the label '${brief(table.names[label])}'`);

  const rows = selectRows(table, kept, label, missing);
  const columns = kept.map((c): Column => {
    const cells = rows.map(r => table.rows[r][c]).filter(cell => !isMissing(cell));
    const words = forced.has(c) || (infer && cells.length > 0 && !cells.some(isNumber));
    if (words) return { kind: 'categorical', name: table.names[c], categories: [...new Set(cells.map(cell => cell.trim()))].sort() };
    for (const r of rows) if (!isMissing(table.rows[r][c])) readNumber(table, r, c);
    return { kind: 'numeric', name: table.names[c] };
  });

  const labels = rows.map(r => table.rows[r][label].trim());
  const labelKind = options.labelKind ?? guessLabelKind(labels);
  const classNames = labelKind === 'class' ? sortClasses(labels) : [];
  const schema: TableSchema = { header: table.header, columns, label: table.names[label], labelKind, classNames };
  const features = encode(table, rows, kept, schema, missing);
  const targets = Float32Array.from(rows, (r, i) => (labelKind === 'class' ? classNames.indexOf(labels[i]) : readNumber(table, r, label)));
  const dataset = Dataset.from({
    name: table.source,
    provenance: `${table.source}, ${rows.length} of ${table.rows.length} rows`,
    features,
    targets,
    featureShape: [features.length / rows.length],
    targetKind: labelKind,
    targetShape: labelKind === 'class' ? [] : [1],
    classNames,
  });
  return { dataset, schema };
}

/**
 * Rows to predict on by the schema of training: columns by name where there is a header (others, the label included, may be there or not), else by position.
 *
 * @returns features [rows, width]; a missing number is NaN, for `Standardizer.apply` to fill if training did so
 */
export function tableRows(table: Table, schema: TableSchema, missing: MissingPolicy = 'error'): Float32Array {
  const kept = schema.columns.map(column => {
    const c = table.names.indexOf(column.name);
    if (c < 0)
      throw new UserError(
        `${table.source}: column '${brief(column.name)}' is missing; the model was trained on it. Here are: ${listed(table.names)}`,
      );
    return c;
  });
  return encode(table, selectRows(table, kept, null, missing), kept, schema, missing);
}

/** How many features a row of this schema becomes. */
export function tableWidth(schema: TableSchema): number {
  return schema.columns.reduce((sum, column) => sum + (column.kind === 'numeric' ? 1 : column.categories.length), 0);
}

/** The name of each feature: a column's own, or 'column=category'. */
export function featureNames(schema: TableSchema): string[] {
  return schema.columns.flatMap(c => (c.kind === 'numeric' ? [c.name] : c.categories.map(category => `${c.name}=${category}`)));
}

function columnIndex(table: Table, column: string | number, option: string): number {
  const index = typeof column === 'number' ? (column < 0 ? table.names.length + column : column) : table.names.indexOf(column);
  if (index >= 0 && index < table.names.length && Number.isInteger(index)) return index;
  throw new UserError(
    `${table.source}: ${option}: there is no column ${brief(JSON.stringify(column))}; the columns are ${listed(table.names)}`,
  );
}

/** Rows that are to be used under the policy for missing cells. A row without a label is never used. */
function selectRows(table: Table, kept: readonly number[], label: number | null, missing: MissingPolicy): number[] {
  const rows: number[] = [];
  table.rows.forEach((row, r) => {
    const empty = kept.find(c => isMissing(row[c]));
    const noLabel = label !== null && isMissing(row[label]);
    if (missing === 'error' && (empty !== undefined || noLabel)) {
      const c = noLabel ? label : empty!;
      throw new UserError(
        `${place(table, r, c)}: the cell is ${row[c].trim() === '' ? 'empty' : `'${brief(row[c].trim())}'`}. Fill it, or choose missing: 'drop' (leave such rows out) or 'mean' (put the training mean)`,
      );
    }
    if (noLabel || (missing === 'drop' && empty !== undefined)) return;
    rows.push(r);
  });
  if (rows.length === 0) throw new UserError(`${table.source}: every row has a missing cell; none is left`);
  return rows;
}

function encode(table: Table, rows: readonly number[], kept: readonly number[], schema: TableSchema, missing: MissingPolicy): Float32Array {
  const width = tableWidth(schema);
  const out = new Float32Array(rows.length * width);
  rows.forEach((r, i) => {
    let at = i * width;
    schema.columns.forEach((column, k) => {
      const cell = table.rows[r][kept[k]].trim();
      if (column.kind === 'numeric') {
        out[at++] = missing === 'mean' && isMissing(cell) ? NaN : readNumber(table, r, kept[k]);
        return;
      }
      const category = column.categories.indexOf(cell);
      if (category < 0 && !isMissing(cell)) {
        throw new UserError(
          `${place(table, r, kept[k])}: '${brief(cell)}' was not seen in training; it knows ${listed(column.categories)}`,
        );
      }
      if (category >= 0) out[at + category] = 1;
      at += column.categories.length;
    });
  });
  return out;
}

function readNumber(table: Table, r: number, c: number): number {
  const cell = table.rows[r][c].trim();
  const value = isNumber(cell) ? Number(cell) : NaN;
  if (Number.isFinite(Math.fround(value))) return value;
  const why = isNumber(cell) ? 'is beyond the range of float32' : 'is not a number';
  throw new UserError(`${place(table, r, c)}: '${brief(cell)}' ${why}. Correct it, or name the column under categorical or ignore`);
}

/** A cell or a name for a message, cut where it is long. */
export function brief(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function listed(names: readonly string[]): string {
  return [...names.slice(0, 20).map(brief), ...(names.length > 20 ? ['...'] : [])].join(', ');
}

function place(table: Table, r: number, c: number): string {
  return `${table.source}, ${table.unit} ${table.lines[r]}, column '${brief(table.names[c])}'`;
}

function guessLabelKind(labels: readonly string[]): 'class' | 'value' {
  if (!labels.every(isNumber)) return 'class';
  const values = new Set(labels.map(Number));
  return values.size <= 20 && [...values].every(v => Number.isInteger(v) && v >= 0) ? 'class' : 'value';
}

function sortClasses(labels: readonly string[]): string[] {
  const names = [...new Set(labels)];
  return names.every(isNumber) ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}
