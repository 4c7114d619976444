import { type DatasetInfo, imageSize, type Normalization, sizeOfShape } from '../../data/dataset.ts';
import { readIdx } from '../../data/node/files.ts';
import { normalizeDigit } from '../../data/normalize-digit.ts';
import { Standardizer } from '../../data/standardizer.ts';
import { featureNames, tableRows } from '../../data/table.ts';
import { UserError } from '../../errors.ts';
import type { StoredData } from '../../experiment/node/stored-run.ts';
import { readArrays, readNpy, readTable } from '../../experiment/node/table-files.ts';
import { inputsOf } from '../../experiment/prepare-arrays.ts';
import { type NpyArray, npyNumbers } from '../../io/npy.ts';
import { readPng } from '../png.ts';

/** Examples from one file, as the model wants them. */
export interface Examples {
  readonly file: string;
  readonly count: number;
  /** [count, ...featureShape], normalized as in training */
  readonly x: Float32Array;
  /** What the model sees, as bytes: 0 black. Null where it is no picture. */
  readonly images: readonly Uint8Array[] | null;
  readonly size: { readonly width: number; readonly height: number } | null;
}

export interface ReadOptions {
  /** A PNG is taken as it is. */
  readonly raw: boolean;
  readonly ink: 'auto' | 'dark' | 'light';
  /** Empty cells of a table: as in training, but that no row is dropped. */
  readonly missing: 'error' | 'mean';
}

/** Reads a file by what it is: PNG, IDX (plain or gzip), NumPy's arrays; or CSV or parquet for a model of a table. */
export async function readExamples(file: string, data: StoredData, options: ReadOptions): Promise<Examples> {
  if (/\.np[yz]$/i.test(file)) return readRows(file, await readInputs(file), data);
  if (data.table !== null) return await readTableRows(file, data, options.missing);
  const size = imageSize(data.info.featureShape);
  if (size === null)
    throw new UserError(
      `${file}: the model takes examples of shape [${data.info.featureShape.join(', ')}]; a .npy or .npz file was expected`,
    );
  const images = /\.png$/i.test(file) ? [await readPicture(file, data.info, size, options)] : await readIdxImages(file, size);
  return { file, count: images.length, x: normalized(images, size.width * size.height, data.info.normalization), images, size };
}

async function readTableRows(file: string, { table, info }: StoredData, missing: 'error' | 'mean'): Promise<Examples> {
  if (/\.(png|gz|idx|idx\d)$|-ubyte$/i.test(file)) {
    throw new UserError(`${file}: the model was trained on a table; a CSV or parquet file with the same columns was expected`);
  }
  const x = tableRows(await readTable(file, table!.schema.header), table!.schema, missing);
  new Standardizer(table!.standardizer).apply(x);
  return { file, count: x.length / info.featureShape[0], x, images: null, size: null };
}

/** An array of examples, each prepared as in training. */
function readRows(file: string, array: NpyArray, { table, info }: StoredData): Examples {
  const values = npyNumbers(array);
  const [count = 0] = array.shape;
  const width = sizeOfShape(info.featureShape);
  if (count * width !== values.length || table?.schema.columns.some(column => column.kind !== 'numeric')) {
    const wanted = table === null ? `[n, ${info.featureShape.join(', ')}]` : `columns ${featureNames(table.schema).slice(0, 6).join(', ')}`;
    throw new UserError(`${file}: it holds [${array.shape.join(', ')}]; ${wanted} were expected`);
  }
  const size = imageSize(info.featureShape);
  const rows = Array.from({ length: count }, (_, i) => values.subarray(i * width, (i + 1) * width));
  const images = size !== null && values instanceof Uint8Array ? (rows as Uint8Array[]) : null;
  const x =
    table === null ? normalized(rows, width, info.normalization) : new Standardizer(table.standardizer).apply(Float32Array.from(values));
  return { file, count, x, images, size: images === null ? null : size };
}

async function readInputs(file: string): Promise<NpyArray> {
  if (/\.npy$/i.test(file)) return await readNpy(file);
  return inputsOf(await readArrays(file), file);
}

async function readPicture(
  file: string,
  info: DatasetInfo,
  size: { readonly width: number; readonly height: number },
  { raw, ink }: ReadOptions,
): Promise<Uint8Array> {
  const { pixels, width, height } = await readPng(file);
  if (raw || info.name === 'fashion-mnist') {
    if (width === size.width && height === size.height) return Uint8Array.from(pixels, Math.round);
    const reason = raw ? 'with --raw a picture is taken as it is' : 'only pictures of digits can be cut out and scaled';
    throw new UserError(`${file}: ${width} x ${height} pixels; the model takes ${size.width} x ${size.height}, and ${reason}`);
  }
  try {
    return normalizeDigit(pixels, width, height, { ink });
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`, error.hint, { cause: error });
    throw error;
  }
}

async function readIdxImages(file: string, size: { readonly width: number; readonly height: number }): Promise<Uint8Array[]> {
  const { shape, data } = await readIdx(file);
  const count = shape[0] ?? 0;
  if (!(data instanceof Uint8Array) || shape.length !== 3 || shape[1] !== size.height || shape[2] !== size.width) {
    throw new UserError(
      `${file}: it holds ${data.constructor.name.replace('Array', '').toLowerCase()} [${shape.join(', ')}]; images of uint8 [n, ${size.height}, ${size.width}] were expected`,
    );
  }
  const pixels = size.width * size.height;
  return Array.from({ length: count }, (_, i) => data.subarray(i * pixels, (i + 1) * pixels));
}

function normalized(images: readonly (Uint8Array | Float32Array)[], pixels: number, { scale, mean, std }: Normalization): Float32Array {
  const x = new Float32Array(images.length * pixels);
  images.forEach((image, i) => {
    for (let j = 0; j < pixels; j++) x[i * pixels + j] = (image[j] * scale - mean) / std;
  });
  return x;
}
