/** Pages of the built studio, as a person on some device opens them. A page that logs an error, or asks another host for anything, fails its test. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

export const sizes = {
  phone: { width: 360, height: 740 },
  tablet: { width: 820, height: 1180 },
  desktop: { width: 1366, height: 820 },
  projector: { width: 1920, height: 1080 },
} as const;
export const languages = ['en', 'ko'] as const;
export const themes = ['light', 'dark'] as const;

export type Size = keyof typeof sizes;
export type Language = (typeof languages)[number];
export type Theme = (typeof themes)[number];

export interface Look {
  readonly size?: Size;
  readonly language?: Language;
  readonly theme?: Theme;
  readonly reducedMotion?: boolean;
}

type NamedLook = Required<Omit<Look, 'reducedMotion'>> & { readonly name: string };
const named = (look: Omit<NamedLook, 'name'>): NamedLook => ({ ...look, name: `${look.language}, ${look.theme}, ${look.size}` });

/** In every language and theme on a phone and a desk, and once on a tablet and on a projector; each with a name for the test's title. */
export const looks: readonly NamedLook[] = [
  ...languages.flatMap(language => themes.flatMap(theme => (['phone', 'desktop'] as const).map(size => named({ size, language, theme })))),
  named({ size: 'tablet', language: 'ko', theme: 'light' }),
  named({ size: 'projector', language: 'en', theme: 'dark' }),
];

export interface Studio {
  /** Opens an address of the studio, such as '#/backward?e=u*v', in a fresh profile. */
  open(hash: string, look?: Look): Promise<Page>;
}

/** Call once at the top of a test file. `address` is where it is served, if not by the server of `chainrule studio`. */
export function studio(address: () => string = () => inject('studioUrl')): Studio {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await chromium.connect(inject('chromiumEndpoint'));
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map(context => context.close()));
    expect(complaints.splice(0), 'errors in the console, or requests to elsewhere').toEqual([]);
  });
  afterAll(() => browser.close());
  return {
    async open(hash, { size = 'desktop', language = 'en', theme = 'light', reducedMotion = true } = {}) {
      const url = address();
      const context = await browser.newContext({
        viewport: sizes[size],
        hasTouch: size === 'phone' || size === 'tablet',
        locale: language === 'ko' ? 'ko-KR' : 'en-US',
        colorScheme: theme,
        reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      });
      // What a page shows is waited for, however slow the machine; a test that waits in vain ends by its own time.
      context.setDefaultTimeout(45_000);
      contexts.push(context);
      const page = await context.newPage();
      page.on('console', message => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
      });
      page.on('pageerror', error => complaints.push(`page error: ${error.stack ?? error.message}`));
      page.on('request', request => {
        const isOurs = request.url().startsWith(url) || /^(blob|data):/.test(request.url());
        if (!isOurs) complaints.push(`request: ${request.url()}`);
      });
      await page.goto(url + hash);
      return page;
    },
  };
}

/** axe finds nothing serious or critical on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html} (${node.failureSummary})`).join('; ')}`)).toEqual([]);
}

/** Nothing is wider than the screen. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess, 'pixels wider than the screen').toBe(0);
}

/** Leaves a picture in the folder named by STUDIO_SCREENSHOTS, for a person to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.STUDIO_SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name.replace(/[^\p{L}\p{N}]+/gu, '-')}.png`), fullPage: true });
}
