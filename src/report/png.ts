/** Pictures as data: PNG in base64, so that the page needs no other file. */
import { encode } from 'fast-png';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Grey, or red, green and blue, row by row. */
  readonly data: Uint8Array;
  readonly channels: 1 | 3;
}

/** `data:image/png;base64,...` */
export function pngAddress({ width, height, data, channels }: Pixels): string {
  const png = encode({ width, height, data, channels, depth: 8 }, { zlib: { level: 9 } });
  let bytes = '';
  for (const byte of png) bytes += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(bytes)}`;
}
