/**
 * What a report can do besides being read: the values under the pointer, or under the arrow keys, and everything unfolded on paper. Values are those of
 * the chart's own table. Plain JavaScript for every browser, as it stands in the page.
 */
export const script = `
'use strict';
for (const figure of document.querySelectorAll('figure.chart')) {
  const svg = figure.querySelector('svg[data-x0]');
  const plot = figure.querySelector('.plot');
  const head = [...figure.querySelectorAll('thead th')].map(cell => cell.textContent);
  const rows = [...figure.querySelectorAll('tbody tr[data-x]')];
  if (!svg || rows.length === 0) continue;
  const x0 = Number(svg.dataset.x0);
  const x1 = Number(svg.dataset.x1);
  const xs = rows.map(row => Number(row.dataset.x));
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  line.setAttribute('class', 'hint-line');
  line.setAttribute('y1', '0');
  line.setAttribute('y2', svg.getAttribute('height'));
  const hint = document.createElement('div');
  hint.className = 'hint';
  hint.setAttribute('role', 'status');
  hint.hidden = true;
  plot.append(hint);
  let current = -1;
  const show = index => {
    current = Math.max(0, Math.min(rows.length - 1, index));
    const share = (xs[current] - x0) / (x1 - x0);
    const at = 100 * share + '%';
    line.setAttribute('x1', at);
    line.setAttribute('x2', at);
    svg.append(line);
    const cells = [...rows[current].children].map(cell => cell.textContent);
    const name = document.createElement('b');
    name.textContent = head[0] + ' ' + cells[0];
    hint.replaceChildren(name, ...cells.slice(1).flatMap((text, i) => {
      if (text === '') return [];
      const part = document.createElement('div');
      part.textContent = head[i + 1] + ': ' + text;
      return [part];
    }));
    hint.hidden = false;
    const box = svg.getBoundingClientRect();
    const left = box.left - plot.getBoundingClientRect().left + share * box.width;
    hint.style.left = Math.max(0, Math.min(plot.clientWidth - hint.offsetWidth, share < 0.5 ? left + 12 : left - hint.offsetWidth - 12)) + 'px';
  };
  const hide = () => {
    hint.hidden = true;
    line.remove();
    current = -1;
  };
  const nearest = x => xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best), 0);
  svg.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect();
    show(nearest(x0 + ((event.clientX - box.left) / box.width) * (x1 - x0)));
  });
  svg.addEventListener('pointerleave', hide);
  svg.setAttribute('tabindex', '0');
  svg.addEventListener('focus', () => show(rows.length - 1));
  svg.addEventListener('blur', hide);
  svg.addEventListener('keydown', event => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === 'Escape') hide();
    if (step === undefined) return;
    event.preventDefault();
    show(current + step);
  });
}
const folded = [...document.querySelectorAll('details')];
let open = [];
addEventListener('beforeprint', () => {
  open = folded.filter(one => one.open);
  for (const one of folded) one.open = true;
});
addEventListener('afterprint', () => {
  for (const one of folded) one.open = open.includes(one);
});
`;
