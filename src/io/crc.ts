/** Cyclic redundancy checks of 32 bits, lowest bit first: zip's CRC-32, and CRC-32C (Castagnoli), which TensorBoard's files have. */

const tables = new Map<number, Uint32Array>();

function tableOf(polynomial: number): Uint32Array {
  let table = tables.get(polynomial);
  if (table === undefined) {
    table = Uint32Array.from({ length: 256 }, (_, byte) => {
      let crc = byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
      return crc;
    });
    tables.set(polynomial, table);
  }
  return table;
}

function crc(bytes: Uint8Array, table: Uint32Array): number {
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = table[(sum ^ bytes[i]) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** CRC-32 as in zip, gzip and PNG. */
export function crc32(bytes: Uint8Array): number {
  return crc(bytes, tableOf(0xedb88320));
}

/** CRC-32C as in iSCSI (RFC 3720) and TFRecord files. */
export function crc32c(bytes: Uint8Array): number {
  return crc(bytes, tableOf(0x82f63b78));
}
