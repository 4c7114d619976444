import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawImage, imageGallery, mistakeCaption } from './image.ts';
import { ASCII, allModes, COLOR, expectDrawable, PLAIN } from './test-modes.ts';
import { displayWidth } from './text.ts';

/** A ring, 12 x 12, values 0 to 255. */
const ring = {
  width: 12,
  height: 12,
  pixels: Array.from({ length: 144 }, (_, i) => {
    const distance = Math.hypot((i % 12) - 5.5, Math.floor(i / 12) - 5.5);
    return Math.round(255 * Math.max(0, Math.min(1, 2 - Math.abs(distance - 4))));
  }),
};

test('a 28 x 28 image is 28 columns and 14 rows', () => {
  const image = { width: 28, height: 28, pixels: new Uint8Array(784) };
  for (const mode of allModes(80)) {
    const rows = drawImage(image, {}, mode);
    expect(rows).toHaveLength(14);
    expect(rows.every(row => displayWidth(row) === 28)).toBe(true);
  }
});

test('shades and ASCII', () => {
  expect(`\n${drawImage(ring, {}, PLAIN).join('\n')}`).toMatchInlineSnapshot(`
    "
      ░▒▓▓▓▓▒░  
     ▒███▓▓███▒ 
    ▒██▓    ▓██▒
    ▒██▓    ▓██▒
     ▒███▓▓███▒ 
      ░▒▓▓▓▓▒░  "
  `);
  expect(`\n${drawImage(ring, {}, ASCII).join('\n')}`).toMatchInlineSnapshot(`
    "
      .=*##*=.  
     +@@@##@@@+ 
    -@@#.  .#@@-
    -@@#.  .#@@-
     +@@@##@@@+ 
      .=*##*=.  "
  `);
});

test('half blocks of two greys; under an odd last row nothing', () => {
  const pixels = [0, 1, 1, 0, 0.5, 0.5];
  expect(drawImage({ width: 2, height: 3, pixels }, {}, COLOR)).toEqual([
    '\u001b[38;5;16;48;5;231m▀\u001b[38;5;231;48;5;16m▀\u001b[0m',
    '\u001b[0;38;5;244m▀▀\u001b[0m',
  ]);
});

test('values up to 1 and up to 255 look the same', () => {
  const unit = { ...ring, pixels: ring.pixels.map(value => value / 255) };
  expect(drawImage(unit, {}, ASCII)).toEqual(drawImage(ring, {}, ASCII));
  expect(drawImage({ width: 2, height: 2, pixels: [1, 1, 1, 1] }, { white: 255 }, ASCII)).toEqual(['  ']);
});

test('side by side with captions, as many as fit', () => {
  const images = [4176, 23, 8].map(index => ({ ...ring, caption: mistakeCaption(index, '9', '4', 0.998) }));
  expect(`\n${imageGallery(images, {}, { ...ASCII, width: 40 })}`).toMatchInlineSnapshot(`
    "
      .=*##*=.          .=*##*=.
     +@@@##@@@+        +@@@##@@@+
    -@@#.  .#@@-      -@@#.  .#@@-
    -@@#.  .#@@-      -@@#.  .#@@-
     +@@@##@@@+        +@@@##@@@+
      .=*##*=.          .=*##*=.
    #4176  true 9     #23  true 9
    said 4  99.8 %    said 4  99.8 %

      .=*##*=.
     +@@@##@@@+
    -@@#.  .#@@-
    -@@#.  .#@@-
     +@@@##@@@+
      .=*##*=.
    #8  true 9  said
    4  99.8 %"
  `);
});

test('fits in every mode, at any size', () => {
  const image = fc
    .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 9 }), fc.string({ unit: 'grapheme' }))
    .map(([width, height, caption]) => ({
      width,
      height,
      caption,
      pixels: Array.from({ length: width * height }, (_, i) => (i % 7 === 0 ? Number.NaN : (i * 37) % 300)),
    }));
  fc.assert(
    fc.property(fc.array(image, { maxLength: 4 }), fc.integer({ min: 20, max: 90 }), (images, width) => {
      for (const mode of allModes(width)) expectDrawable(imageGallery(images, {}, mode), mode);
    }),
    { numRuns: 30 },
  );
});
