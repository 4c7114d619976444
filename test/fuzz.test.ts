/** A short run over every reader; `node scripts/fuzz.mjs` is the long one. */
import { describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.ts';
import { fuzz, type Target } from './fuzz/fuzz.ts';
import { targets } from './fuzz/targets.ts';

describe('readers survive what is nearly right', () => {
  test.each(targets.map(target => [target.name, target] as const))('%s', async (_, target) => {
    const { accepted, refused } = await fuzz(target, 2000, 1);
    // Changes that all are refused, or all accepted, would show nothing.
    expect(refused).toBeGreaterThan(200);
    expect(accepted).toBeGreaterThan(10);
  });
});

describe('a reader is caught that', () => {
  const caught = (read: Target<Uint8Array>['read'], mostMilliseconds = 2000): Promise<string> =>
    fuzz({ name: 'bad', make: () => Uint8Array.of(1, 2, 3), read } as Target, 3, 1, { mostMilliseconds }).then(
      () => 'not caught',
      error => String(error.message),
    );

  test('fails by anything but a UserError', async () => {
    expect(await caught(bytes => void (bytes as unknown as { none: { at: number } }).none.at)).toMatch(
      /^bad, seed 1, input 0: TypeError: .*\n[\s\S]*base64\): AQID$/,
    );
    expect(
      await caught(() => {
        throw new UserError('refused');
      }),
    ).toBe('not caught');
  });

  test('takes as much memory as a header says', async () => {
    expect(await caught(() => void new Float32Array(10_000_000))).toMatch(/it allocated 40000000 bytes of typed arrays/);
  });

  test('takes long', async () => {
    let sum = 0;
    const slow = (): void => {
      for (let i = 0; i < 50_000_000; i++) sum = (sum + i * i) % 1_000_003;
    };
    expect(await caught(slow, 10)).toMatch(/^bad, seed 1, input 0: it took \d+ ms/);
    expect(sum).toBeGreaterThan(0);
  });
});
