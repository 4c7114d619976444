/** What tests of threads share. */

/**
 * Waits, turn by turn of the event loop, until `done`, and throws after ten seconds. A turn that took long counts for little: the machine was at
 * something else, and the threads that are waited for did not get on either.
 */
export async function until(done: () => boolean, what: string): Promise<void> {
  let waited = 0;
  for (let last = performance.now(); !done(); ) {
    if (waited > 10_000) throw new Error(`it did not come to be that ${what}`);
    await new Promise(resolve => setTimeout(resolve, 1));
    const now = performance.now();
    waited += Math.min(now - last, 5);
    last = now;
  }
}
