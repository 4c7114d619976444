/** Files on their way in and out: chosen by a person, downloaded, or saved. */
import { MNIST, MNIST_FILES } from '../../../../src/data/mnist-files.ts';

export type Files = Record<string, Uint8Array>;

/** What a person chose, by path. */
export async function readFiles(list: Iterable<File>): Promise<Files> {
  const entries = await Promise.all(
    Array.from(list, async file => [file.webkitRelativePath || file.name, new Uint8Array(await file.arrayBuffer())] as const),
  );
  return Object.fromEntries(entries);
}

/**
 * The four files of MNIST from the first mirror that gives them all.
 *
 * @throws Error that names each mirror with its reason
 */
export async function downloadMnist(onProgress: (done: number, total: number) => void): Promise<Files> {
  const reasons: string[] = [];
  for (const mirror of MNIST.mirrors) {
    try {
      const files: Files = {};
      for (const [i, name] of MNIST_FILES.entries()) {
        onProgress(i, MNIST_FILES.length);
        const response = await fetch(`${mirror}${name}.gz`);
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        files[`${name}.gz`] = new Uint8Array(await response.arrayBuffer());
      }
      onProgress(MNIST_FILES.length, MNIST_FILES.length);
      return files;
    } catch (error) {
      reasons.push(`${new URL(mirror).host}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

/** Hands a file to the browser's downloads. */
export function save(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes]));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
