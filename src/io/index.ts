/** Files of other tools, in any JavaScript engine: weights, arrays, tables. */
export { decodeNpy, encodeNpy, isNpy, type NpyArray, type NpyData, npyNumbers } from './npy.ts';
export { decodeNpz, encodeNpz } from './npz.ts';
export { decodeParquet } from './parquet.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors, type StoredTensor } from './safetensors.ts';
