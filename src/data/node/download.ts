/** Downloading one file from the first of several mirrors that has it whole. */
import { UserError } from '../../errors.ts';
import { reasonOf } from './files.ts';

export interface Progress {
  readonly url: string;
  /** Bytes so far, and in all where the server tells. */
  readonly received: number;
  readonly total: number | null;
}

export interface DownloadOptions<T> {
  /** Folders on the web, each ending in a slash, in the order in which they are tried. */
  readonly mirrors: readonly string[];
  readonly file: string;
  /** The most bytes that are accepted. Default 128 MiB. */
  readonly limit?: number;
  /** Milliseconds without a byte after which a mirror is given up. Default 20,000. */
  readonly timeout?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Checks and unpacks what came; what it throws is this mirror's failure, and the next one is tried. */
  readonly check: (bytes: Uint8Array, url: string) => Promise<T>;
}

/**
 * @returns the bytes as they came and what `check` made of them
 * @throws UserError naming each mirror tried with its reason
 */
export async function download<T>(options: DownloadOptions<T>): Promise<{ url: string; bytes: Uint8Array; value: T }> {
  const failures: string[] = [];
  for (const mirror of options.mirrors) {
    const url = new URL(options.file, mirror).href;
    try {
      const bytes = await fetchBytes(url, options.limit ?? 2 ** 27, options.timeout ?? 20_000, options.onProgress);
      return { url, bytes, value: await options.check(bytes, url) };
    } catch (error) {
      failures.push(`  ${url}: ${error instanceof UserError ? error.message.replace(`${url}: `, '') : reasonOf(error)}`);
    }
  }
  throw new UserError(`${options.file} could not be downloaded:\n${failures.join('\n')}`);
}

async function fetchBytes(url: string, limit: number, timeout: number, onProgress?: (progress: Progress) => void): Promise<Uint8Array> {
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(new UserError(`no answer for ${timeout / 1000} s`));
  let timer = setTimeout(giveUp, timeout);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new UserError(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    // with a content encoding the length is that of the encoded bytes, which are not what arrives here
    const total = Number.isFinite(length) && response.headers.get('content-encoding') === null ? length : null;
    const tooLarge = new UserError(`more than ${limit} bytes, the most that is accepted`);
    if (total !== null && total > limit) {
      controller.abort();
      throw tooLarge;
    }
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeout);
      chunks.push(chunk);
      received += chunk.length;
      if (received > limit) {
        controller.abort();
        throw tooLarge;
      }
      onProgress?.({ url, received, total });
    }
    if (total !== null && received < total) throw new UserError(`the connection ended after ${received} of ${total} bytes`);
    return Buffer.concat(chunks);
  } catch (error) {
    if (controller.signal.reason instanceof UserError) throw controller.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
