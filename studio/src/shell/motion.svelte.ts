/** Whether the system asks for less motion. */
const query = matchMedia('(prefers-reduced-motion: reduce)');
let less = $state(query.matches);

query.addEventListener('change', () => {
  less = query.matches;
});

export function reducedMotion(): boolean {
  return less;
}
