// Steps a second of every library as multiples of PyTorch's, one panel a workload, bars on a logarithmic scale.

const COLORS = {
  wasm1: '#a5c8f0',
  wasm: '#2f7ed8',
  blas: '#123f7a',
  pytorch: '#d9541e',
  sklearn: '#e8a33d',
  jax: '#7a5ea8',
  tfjs: '#9aa0a6',
  tfjsT: '#5f6368',
};
const [WIDTH, LEFT, RIGHT, BAR, GAP, HEAD] = [900, 230, 110, 16, 5, 34];
const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

export function plotTraining(training) {
  const panels = training.map(({ section, workload, results }) => {
    const base = (results.find(one => one.id === 'pytorch') ?? results.find(one => one.id === 'wasm1')).stepsPerSecond;
    return {
      title: `${section}  ${workload.title}`,
      bars: results.filter(one => one.stepsPerSecond).map(one => ({ ...one, ratio: one.stepsPerSecond / base })),
    };
  });
  const ratios = panels.flatMap(({ bars }) => bars.map(bar => bar.ratio));
  const low = Math.floor(Math.log10(Math.min(...ratios)) * 2 - 0.3) / 2;
  const high = Math.ceil(Math.log10(Math.max(...ratios)) * 2) / 2;
  const x = ratio => LEFT + ((Math.log10(ratio) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const ticks = [];
  for (let e = Math.ceil(low); e <= high; e++)
    for (const digit of [1, 3]) if (Math.log10(digit) + e <= high) ticks.push(Number(`${digit}e${e}`));
  const parts = [];
  let y = 40;
  for (const { title, bars } of panels) {
    const bottom = y + HEAD - 8 + bars.length * (BAR + GAP);
    for (const tick of ticks)
      parts.push(`<line x1="${x(tick)}" x2="${x(tick)}" y1="${y + HEAD - 8}" y2="${bottom}" class="${tick === 1 ? 'one' : 'grid'}"/>`);
    parts.push(`<text x="20" y="${y + 16}" class="title">${escaped(title)}</text>`);
    bars.forEach(({ id, name, ratio, stepsPerSecond }, i) => {
      const top = y + HEAD - 4 + i * (BAR + GAP);
      const [from, to] = [x(10 ** low), x(ratio)];
      parts.push(`<text x="${LEFT - 8}" y="${top + 12}" text-anchor="end">${escaped(name)}</text>`);
      parts.push(
        `<rect x="${from}" y="${top}" width="${Math.max(1, to - from).toFixed(1)}" height="${BAR}" fill="${COLORS[id] ?? '#888'}"/>`,
      );
      parts.push(
        `<text x="${(to + 5).toFixed(1)}" y="${top + 12}">${Number(stepsPerSecond.toPrecision(3)).toLocaleString('en')}/s, ${ratio.toPrecision(2)}x</text>`,
      );
    });
    y = bottom + 22;
  }
  for (const tick of ticks) parts.push(`<text x="${x(tick)}" y="${y}" text-anchor="middle" class="tick">${tick}x</text>`);
  const style =
    'text{font:12px sans-serif;fill:#222}.title{font-weight:bold;font-size:13px}.head{font-size:15px;font-weight:bold}.tick{fill:#666}.grid{stroke:#e4e4e4}.one{stroke:#d9541e;stroke-dasharray:3 3}';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 20}" width="${WIDTH}" height="${y + 20}"><title>Training steps a second of every library</title><style>${style}</style><rect width="100%" height="100%" fill="#fff"/><text x="20" y="26" class="head">Training steps a second, as multiples of PyTorch's (logarithmic)</text>${parts.join('\n')}</svg>\n`;
}
