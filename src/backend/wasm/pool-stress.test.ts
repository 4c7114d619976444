import { expect, test } from 'vitest';
import { stressPools } from './pool-stress-testing.ts';

test('pools go up and down while their threads die at random: no hang, and no wrong bit', async () => {
  const { pools, started, killed, right, pieces } = await stressPools(12);
  expect(pools).toBe(12);
  expect(started).toBeGreaterThan(12);
  expect(killed).toBeGreaterThan(5);
  expect(right).toBeGreaterThan(200);
  expect(pieces).toBeGreaterThan(100);
});
