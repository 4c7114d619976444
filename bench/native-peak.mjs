// The most multiply-adds per second that one core does with 256-bit vectors: the ceiling of a BLAS product. A loop of machine code, written out
// below, is put into memory of the process and called; so no compiler is needed. x86-64 with AVX2 and FMA, not on Windows.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';

const ROUNDS = 200_000;
const CHAINS = 12; // sums in registers: two units of a latency of four or five cycles

/** VEX.256 vfmadd231ps ymm`sum`, ymm14, ymm15: sum += ymm14 ymm15. Manual of the instruction set, volume 2, VEX prefix and FMA. */
const fma = sum => [0xc4, sum < 8 ? 0xc2 : 0x42, 0x0d, 0xb8, 0xc7 | ((sum & 7) << 3)];
/** vxorps ymm`r`, ymm`r`, ymm`r`: zero. */
const zero = r => [0xc4, r < 8 ? 0xe1 : 0x41, 0x04 | ((~r & 15) << 3), 0x57, 0xc0 | ((r & 7) << 3) | (r & 7)];

/** void loop(long n): n rounds of CHAINS independent multiply-adds; n comes in rdi (System V). */
function machineCode() {
  const body = Array.from({ length: CHAINS }, (_, i) => fma(i)).flat();
  const count = [0x48, 0xff, 0xcf]; // dec rdi
  const distance = -(body.length + count.length + 6);
  const jump = [0x0f, 0x85, ...[0, 8, 16, 24].map(shift => (distance >> shift) & 0xff)]; // jnz to the start of the body
  const start = Array.from({ length: 16 }, (_, i) => zero(i)).flat();
  return Uint8Array.from([...start, ...body, ...count, ...jump, 0xc5, 0xf8, 0x77, 0xc3]); // vzeroupper, ret
}

let made; // its type may be told to koffi only once

/** The loop as a function of nothing, and the floating-point operations of one call; null where it cannot run. */
export function nativeLoop() {
  if (made !== undefined) return made;
  if (arch() !== 'x64' || platform() !== 'linux' || !/\bfma\b.*\bavx2\b/s.test(readFileSync('/proc/cpuinfo', 'utf8'))) return null;
  const koffi = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  const mmap = libc.func('void *mmap(void *at, size_t size, int access, int flags, int file, int64_t offset)');
  const mprotect = libc.func('int mprotect(void *at, size_t size, int access)');
  const code = machineCode();
  const [READ, WRITE, EXECUTE, PRIVATE_ANONYMOUS] = [1, 2, 4, 0x22];
  const page = mmap(null, 4096, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0);
  new Uint8Array(koffi.view(page, 4096)).set(code);
  if (mprotect(page, 4096, READ | EXECUTE) !== 0) return null;
  const prototype = koffi.proto('void loop(int64_t n)');
  made = { work: () => koffi.call(page, prototype, ROUNDS), flops: ROUNDS * CHAINS * 16 };
  return made;
}

/** GFLOPS of one core, the best of many short runs; null where it cannot be measured. */
export function nativePeak() {
  const loop = nativeLoop();
  if (loop === null) return null;
  let best = Infinity;
  for (let i = 0; i < 300; i++) {
    const began = performance.now();
    loop.work();
    best = Math.min(best, performance.now() - began);
  }
  return loop.flops / best / 1e6;
}
