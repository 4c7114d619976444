import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { Allocator, type Block } from './allocator.ts';
import { createWasmBackend } from './wasm-backend.ts';

const fresh = (most?: number): Allocator => new Allocator(new WebAssembly.Memory({ initial: 1 }), most);

describe('allocator', () => {
  test('live blocks are aligned, large enough, never overlap, and waste at most a quarter', () => {
    const length = fc.oneof(fc.nat(200), fc.nat(5000), fc.nat(300_000));
    const action = fc.oneof({ weight: 3, arbitrary: length.map(n => n) }, { weight: 2, arbitrary: fc.nat(1000).map(i => -1 - i) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), actions => {
        const heap = fresh();
        const live: Block[] = [];
        let marks = 0;
        for (const step of actions) {
          if (step < 0) {
            if (live.length > 0) heap.free(live.splice(-step % live.length, 1)[0]);
          } else {
            const block = heap.alloc(step);
            expect(block.length).toBe(step);
            expect(block.address % 64).toBe(0);
            heap.view(block).fill(++marks);
            live.push(block);
          }
        }
        const sorted = [...live].sort((a, b) => a.address - b.address);
        for (let i = 0; i + 1 < sorted.length; i++) {
          expect(sorted[i].address + Math.max(sorted[i].length * 4, 64)).toBeLessThanOrEqual(sorted[i + 1].address);
        }
        for (const block of live) expect(new Set(heap.view(block)).size).toBeLessThanOrEqual(1);
        const asked = live.reduce((sum, block) => sum + Math.ceil(block.length / 16) * 64, 0);
        expect(heap.usage().live).toBeGreaterThanOrEqual(asked);
        expect(heap.usage().live).toBeLessThanOrEqual(asked * 1.25 + 64 * live.length);
        for (const block of live) heap.free(block);
        expect(heap.usage().live).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('freed storage comes back: the same object, and no more memory', () => {
    const heap = fresh();
    const sizes = [0, 1, 16, 17, 1000, 70_000];
    const first = sizes.map(n => heap.alloc(n));
    for (const block of first) heap.free(block);
    const { reserved } = heap.usage();
    for (let round = 0; round < 100; round++) {
      const again = sizes.map(n => heap.alloc(n));
      for (const block of again) expect(first).toContain(block);
      for (const block of again) heap.free(block);
    }
    expect(heap.usage().reserved).toBe(reserved);
  });

  test('a view is made once for a buffer and a length, and again when memory has grown', () => {
    const heap = fresh();
    const block = heap.alloc(10);
    const view = heap.view(block);
    view[3] = 7;
    expect(heap.view(block)).toBe(view);
    heap.alloc(1_000_000); // grows
    expect(view.length).toBe(0); // detached
    expect(heap.view(block)[3]).toBe(7);
    heap.free(block);
    expect(heap.view(heap.alloc(9))).toHaveLength(9);
  });

  test('storage of no elements', () => {
    const heap = fresh();
    const [a, b] = [heap.alloc(0), heap.alloc(0)];
    expect(heap.view(a)).toHaveLength(0);
    expect(a.address).not.toBe(b.address);
    heap.free(a);
    heap.free(b);
    expect(heap.usage().live).toBe(0);
  });

  test('freeing twice, or elsewhere, is an error and changes nothing', () => {
    const [heap, other] = [fresh(), fresh()];
    const block = heap.alloc(10);
    expect(() => other.free(block)).toThrow('this storage belongs to another backend');
    heap.free(block);
    expect(() => heap.free(block)).toThrow('this storage was freed before');
    const [a, b] = [heap.alloc(10), heap.alloc(10)];
    expect(a).not.toBe(b);
    expect(heap.usage().live).toBe(128);
  });

  test('without room the error says how much was asked for and is live', () => {
    const heap = fresh(24); // 1.5 MiB
    const kept = heap.alloc(262_144 - 4096);
    expect(() => heap.alloc(524_288)).toThrow(UserError);
    expect(() => heap.alloc(524_288)).toThrow(
      'out of memory: 2.0 MiB were asked for, with 1.0 MiB live and 1.5 MiB of at most 1.5 MiB reserved',
    );
    expect(() => heap.alloc(2 ** 33)).toThrow('out of memory: 32768.0 MiB');
    heap.free(kept);
    // a larger free block serves where no new one can be had
    expect(heap.alloc(200_000)).toBe(kept);
  });

  test('scratch memory is not live, and gives way to a larger one', () => {
    const heap = fresh();
    const small = heap.scratch(64);
    expect(heap.scratch(32)).toBe(small);
    expect(heap.scratch(10_000)).not.toBe(small);
    expect(heap.usage().live).toBe(0);
    expect(heap.alloc(3).address).toBe(small);
  });
});

test('a backend limited in memory says so', () => {
  const kernels = createWasmBackend({ maxMebibytes: 8 });
  expect(() => kernels.alloc(4 * 1024 * 1024)).toThrow('out of memory: 16.0 MiB were asked for, with 0.0 MiB live');
});
