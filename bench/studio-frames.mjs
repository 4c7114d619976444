// Frames a second in the studio's playground while it trains at full speed: `npm run build && node bench/studio-frames.mjs [rounds]`. The median of several rounds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';

const rounds = Number(process.argv[2] ?? 5);
const seconds = 4;
const cases = [
  ['one run, 2-8-6-2', '#/playground?r1=hidden=8,6~activation=tanh~epochs=5000'],
  ['one run, 2-32-32-2', '#/playground?r1=hidden=32,32~epochs=5000'],
  ['four runs, 2-16-16-2', `#/playground?${[1, 2, 3, 4].map(i => `r${i}=epochs=5000~seed=${i}`).join('&')}`],
];

const server = spawn(process.execPath, [fileURLToPath(new URL('../dist/cli.js', import.meta.url)), 'studio', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
const url = /http\S+/.exec(line)[0];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Frames drawn, frames in which the step shown was another, and steps trained, each a second. */
function measure(duration) {
  return new Promise(resolve => {
    const stepNow = () => Number(/(\d+)/.exec(document.querySelector('.where')?.textContent ?? '')?.[1] ?? 0);
    let [frames, changes, last] = [0, 0, stepNow()];
    const [began, from] = [performance.now(), last];
    const frame = () => {
      frames++;
      const step = stepNow();
      if (step !== last) changes++;
      last = step;
      const elapsed = (performance.now() - began) / 1000;
      if (elapsed < duration) requestAnimationFrame(frame);
      else resolve({ frames: frames / elapsed, changes: changes / elapsed, steps: (last - from) / elapsed });
    };
    requestAnimationFrame(frame);
  });
}

try {
  for (const [name, hash] of cases) {
    const found = [];
    for (let i = 0; i < rounds; i++) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
      await page.goto(url + hash);
      await page.locator('[data-fingerprint]').waitFor();
      await page.keyboard.press('k');
      await page.waitForTimeout(500);
      found.push(await page.evaluate(measure, seconds));
      await page.close();
    }
    const of = key => median(found.map(one => one[key])).toFixed(key === 'steps' ? 0 : 1);
    console.log(`${name}: ${of('frames')} frames/s, ${of('changes')} of them with new figures and charts; ${of('steps')} steps/s shown`);
  }
} finally {
  await browser.close();
  server.kill();
}
