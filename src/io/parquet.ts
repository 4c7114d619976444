/** Parquet files as tables. hyparquet reads them; what it believes of sizes is checked before, so that no header decides how much memory is taken. */
import { gunzipSync } from 'fflate';
import { decompress as unzstd } from 'fzstd';
import { parquetHeader, readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import {
  type ColumnMetaData,
  type CompressionCodec,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
  snappyUncompress,
} from 'hyparquet/src/index.js';
import type { Table } from '../data/table.ts';
import { UserError } from '../errors.ts';
import { crc32 } from './crc.ts';
import { named } from './words.ts';

/** As many cells as a table read here may have. */
const mostCells = 50_000_000;

/** How a page is decompressed, and how many bytes its compression can make of one at most. */
const codecs: Partial<
  Record<CompressionCodec, { readonly growth: number; readonly unpack: (page: Uint8Array, size: number) => Uint8Array }>
> = {
  UNCOMPRESSED: { growth: 1, unpack: page => page },
  SNAPPY: { growth: 24, unpack: unsnap },
  GZIP: { growth: 1032, unpack: ungzip },
  ZSTD: { growth: 100_000, unpack: (page, size) => unzstd(page, new Uint8Array(size)) },
};

const compressors = Object.fromEntries(Object.entries(codecs).map(([codec, { unpack }]) => [codec, unpack]));

/**
 * The cells of a parquet file: numbers, texts, booleans and decimals, one value a cell; compressed by snappy, gzip, zstd or not.
 *
 * @param source what to call it in an error, such as its path
 * @throws UserError for what is damaged, lists, dates and bytes, and more than 50 million cells
 */
export function decodeParquet(bytes: Uint8Array, source: string): Table {
  const fail = (problem: string): never => {
    throw new UserError(`${source}: not a parquet file that can be read: ${problem}`);
  };
  try {
    const { buffer } = new Uint8Array(bytes); // a copy: hyparquet reads whole buffers
    const metadata = parquetMetadata(buffer);
    const names = columnsOf(metadata, fail);
    checkPages(metadata, buffer, fail);
    const root = parquetSchema(metadata);
    const rows: string[][] = [];
    for (const group of metadata.row_groups) {
      const columns = names.map(name => valuesOf(group, name, root, buffer, fail));
      for (let i = 0; i < Number(group.num_rows); i++) {
        const row = rows.length;
        rows.push(columns.map((values, c) => cellOf(values[i], names[c], row, fail)));
      }
    }
    return { names, rows, lines: rows.map((_, i) => i + 1), unit: 'row', header: true, source };
  } catch (error) {
    if (error instanceof UserError) throw error;
    return fail(error instanceof Error ? error.message : String(error)); // the library's own words for what is damaged
  }
}

type Fail = (problem: string) => never;

/** The names of the columns, each of single values. */
function columnsOf(metadata: FileMetaData, fail: Fail): string[] {
  const { children } = parquetSchema(metadata);
  const nested = children.find(column => column.children.length > 0 || column.element.repetition_type === 'REPEATED');
  if (nested !== undefined) fail(`the column ${named(nested.element.name)} holds lists or records; leave it out, or make columns of it`);
  const names = children.map(column => column.element.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(`two columns are called ${named(twice)}`);
  return names;
}

/** The values of one column of a group, one for each row. Column by column, since hyparquet's own reading of whole files leaves promises that fail unheard. */
function valuesOf({ columns, num_rows: rows }: RowGroup, name: string, root: SchemaTree, buffer: ArrayBuffer, fail: Fail): unknown[] {
  const column = columns.find(({ meta_data: data }) => data?.path_in_schema.join('.') === name)?.meta_data;
  if (column === undefined) return fail(`a row group has no column ${named(name)}`);
  const leaf = root.children.find(({ element }) => element.name === name)!;
  const begin = Number(column.dictionary_page_offset || column.data_page_offset);
  const reader = { view: new DataView(buffer, begin, Number(column.total_compressed_size)), offset: 0 };
  const place = { groupStart: 0, groupRows: Number(rows), selectStart: 0, selectEnd: Number(rows) };
  const decoder = {
    ...column,
    pathInSchema: [name],
    element: leaf.element,
    schemaPath: [root, leaf],
    parsers: DEFAULT_PARSERS,
    compressors,
  };
  const values = readColumn(reader, place, decoder).data.flatMap(part => Array.from(part as ArrayLike<unknown>));
  return values.length >= Number(rows) ? values : fail(`the column ${named(name)} has ${values.length} values in a group of ${rows} rows`);
}

/** Walks over the pages of every column: each must lie in the file, and all together must have the rows announced. */
function checkPages(metadata: FileMetaData, buffer: ArrayBuffer, fail: Fail): void {
  const { row_groups: groups, num_rows: rows } = metadata;
  const columns = groups[0]?.columns.length ?? 0;
  if (rows < 0n || Number(rows) * columns > mostCells)
    fail(`it is said to have ${rows} rows of ${columns} cells; at most ${mostCells} cells are read`);
  if (groups.reduce((sum, group) => sum + group.num_rows, 0n) !== rows) fail(`its row groups do not add up to the ${rows} rows announced`);
  for (const group of groups) {
    if (group.columns.length !== columns || group.num_rows < 0n) fail('its row groups differ in their columns');
    for (const { meta_data: column } of group.columns) {
      if (column === undefined) fail('a column is not described');
      else checkColumn(column, Number(group.num_rows), buffer, fail);
    }
  }
}

function checkColumn(column: ColumnMetaData, rows: number, buffer: ArrayBuffer, fail: Fail): void {
  const name = named(column.path_in_schema.join('.'));
  const growth =
    codecs[column.codec]?.growth ??
    fail(`the column ${name} is compressed by ${column.codec}; read here are ${Object.keys(codecs).join(', ')}`);
  const begin = Number(column.dictionary_page_offset || column.data_page_offset);
  const size = Number(column.total_compressed_size);
  if (!(begin >= 0 && size >= 0 && begin + size <= buffer.byteLength)) fail(`the column ${name} lies outside of the file`);
  const values = walkPages(new DataView(buffer, begin, size), growth, name, rows, fail);
  if (values !== rows) fail(`the column ${name} has ${values} values in a group of ${rows} rows`);
}

function walkPages(view: DataView<ArrayBuffer>, growth: number, name: string, rows: number, fail: Fail): number {
  const reader = { view, offset: 0 };
  let values = 0;
  while (reader.offset < view.byteLength && values < rows) {
    const header = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: size, crc } = header;
    const data = header.data_page_header ?? header.data_page_header_v2;
    const count = (data ?? header.dictionary_page_header)?.num_values ?? 0;
    if (!(packed >= 0 && reader.offset + packed <= view.byteLength)) fail(`a page of the column ${name} is cut short`);
    // A page may hold a few bytes of framing besides; one value of a dictionary takes a byte at least.
    if (!(size >= 0 && size <= packed * growth + 64)) fail(`a page of the column ${name} is said to have ${size} bytes, out of ${packed}`);
    if (!(count >= 0 && count <= (data === undefined ? Math.max(size, 1) : rows - values)))
      fail(`a page of the column ${name} is said to have ${count} values`);
    const content = new Uint8Array(view.buffer, view.byteOffset + reader.offset, packed);
    if (crc !== undefined && crc >>> 0 !== crc32(content)) fail(`a page of the column ${name} is damaged (its CRC differs)`);
    if (data !== undefined) values += count;
    reader.offset += packed;
  }
  return values;
}

function unsnap(page: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  snappyUncompress(page, out);
  return out;
}

/** fflate checks no CRC: it stands, as the size does, in the last eight bytes. */
function ungzip(page: Uint8Array, size: number): Uint8Array {
  const out = gunzipSync(page, { out: new Uint8Array(size) });
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (page.length < 18 || view.getUint32(page.length - 8, true) !== crc32(out)) throw new Error('a gzip page is damaged (its CRC differs)');
  return out;
}

/** A value as the text that a CSV file would have for it. */
function cellOf(value: unknown, name: string, row: number, fail: Fail): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  const what = value instanceof Date ? 'a date' : 'bytes or a record';
  return fail(`row ${row + 1}, column ${named(name)}: it holds ${what}; make a number or a text of it first`);
}
