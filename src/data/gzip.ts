/** Decompression of gzip with what the platform has (`DecompressionStream`: Node from 18, every current browser). */
import { UserError } from '../errors.ts';

/** Whether the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a gzip file.
 *
 * @param source what to call it in an error, such as its path
 * @param limit the most bytes the result may have, 1 GiB by default; more is refused before it fills the memory
 * @throws UserError where the content is cut short, damaged, no gzip at all, or larger than the limit
 */
export async function gunzip(bytes: Uint8Array, source: string, limit: number = 2 ** 30): Promise<Uint8Array> {
  if (!isGzip(bytes)) {
    throw new UserError(`${source}: not a gzip file: it begins with ${describeStart(bytes)}, gzip begins with 1f 8b`);
  }
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
      if (length > limit) break;
    }
  } catch (error) {
    const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    throw new UserError(
      `${source}: the gzip content is cut short or damaged (${reason}, after ${length} decompressed bytes); get the file again`,
      undefined,
      { cause: error },
    );
  }
  if (length > limit) {
    await reader.cancel().catch(() => undefined);
    throw new UserError(`${source}: decompresses to more than ${limit} bytes, the most that is accepted here`);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function describeStart(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing (the file is empty)';
  return Array.from(bytes.subarray(0, 4), b => b.toString(16).padStart(2, '0')).join(' ');
}
