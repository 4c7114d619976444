/** Points as they are typed: `0,1,0;2,-1.5,1`, the coordinates and the class (or value) of each. */

/** The JSON of the points in a text. What is no number stays text, and the schema says what would fit. */
export function parsePoints(text: string): unknown[] {
  return text
    .split(';')
    .filter(one => one.trim() !== '')
    .map(one => one.split(',').map(cell => (cell.trim() === '' || Number.isNaN(Number(cell)) ? cell : Number(cell))));
}

/** The text that `parsePoints` reads. */
export function formatPoints(points: readonly (readonly number[])[]): string {
  return points.map(point => point.join(',')).join(';');
}
