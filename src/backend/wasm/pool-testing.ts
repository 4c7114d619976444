/** What tests of threads share. */

/** Waits, turn by turn of the event loop, until `done`, and throws after ten seconds. */
export async function until(done: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > end) throw new Error(`it did not come to be that ${what}`);
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}
