// The loop of calm.mjs: in registers, some tenths of a millisecond.
export function loop() {
  let [a, b, c] = [1, 2, 3];
  for (let i = 0; i < 400_000; i++) {
    a = (a + i) | 0;
    b ^= a;
    c = (c + b) | 0;
  }
  return a + b + c;
}

for (let i = 0; i < 200; i++) loop(); // until the engine has compiled it for speed
