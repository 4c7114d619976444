// A short loop that keeps all of a core busy: multiply-adds and whole numbers, as many as the core takes in at a time. Where a core is one half of a larger one whose other half
// computes, this takes 1.6 times as long, while multiply-adds alone, which wait for each other, take 1.05 times and would not tell (timed by hand).
import asc from 'assemblyscript/asc';

/** Rounds of a call: about two milliseconds. */
const ROUNDS = 1_900_000;
const [SUMS, WHOLE] = [4, 8];
const list = (count, of) => Array.from({ length: count }, (_, i) => of(i));

const source = `
export function busy(n: i32, x: f32): f32 {
  const a = f32x4.splat(x);
  let ${list(SUMS, i => `s${i} = f32x4.splat(1)`).join(', ')}, ${list(WHOLE, i => `w${i} = ${i}`).join(', ')};
  for (; n > 0; n--) {
    ${list(SUMS, i => `s${i} = f32x4.add(f32x4.mul(a, v128.load(${i * 16})), s${i});`).join(' ')}
    ${list(WHOLE, i => `w${i} ${i % 2 === 0 ? '+' : '^'}= n;`).join(' ')}
  }
  return f32x4.extract_lane(${list(SUMS, i => `s${i}`).reduce((sum, s) => `f32x4.add(${sum}, ${s})`)}, 0) + <f32>(${list(WHOLE, i => `w${i}`).join(' ^ ')});
}`;

export async function compileBusy() {
  const options = { optimizeLevel: 3, runtime: 'stub', noAssert: true, initialMemory: 1, enable: ['simd'] };
  const { binary, error, stderr } = await asc.compileString(source, options);
  if (error) throw new Error(stderr.toString());
  return binary;
}

/** The loop as a function of nothing, compiled for speed. */
export function busyLoop(binary) {
  const { busy } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
  for (let i = 0; i < 100; i++) busy(ROUNDS, 0.5);
  return () => busy(ROUNDS, 0.5);
}
