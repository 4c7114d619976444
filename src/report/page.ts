/** The report: one HTML file that needs nothing else. */
import { UserError } from '../errors.ts';
import { version } from '../version.ts';
import { letterOf } from './charts/marks.ts';
import { type Content, type Html, html, trusted } from './html.ts';
import type { ReportRun } from './run-data.ts';
import { script } from './script.ts';
import { curves } from './sections/curves.ts';
import { making } from './sections/making.ts';
import { overview, titleOf } from './sections/overview.ts';
import { results } from './sections/results.ts';
import { weights } from './sections/weights.ts';
import { styleFor } from './style.ts';

export interface ReportOptions {
  /** Default: which runs on what. */
  readonly title?: string;
}

/** More lines than this cannot be told apart in one chart. */
export const MOST_RUNS = 26;

/** By this a file is known to be a report, which may be written again. */
export const GENERATOR = 'chainrule report';

/** The report of these runs, as HTML: the same for the same runs. */
export async function reportPage(runs: readonly ReportRun[], options: ReportOptions = {}): Promise<string> {
  if (runs.length === 0) throw new UserError('report: no run was given; give at least one');
  if (runs.length > MOST_RUNS) throw new UserError(`report: ${runs.length} runs were given; one report holds at most ${MOST_RUNS}`);
  const title = options.title ?? titleOf(runs);
  const parts = [overview(runs), curves(runs), ...runs.map((run, i) => runPart(run, i, runs.length))];
  const links: (readonly [string, string])[] = [
    ['overview', 'Overview'],
    ['curves', 'Learning curves'],
    ...(runs.length === 1
      ? ([
          ['results', 'Results'],
          ['weights', 'Weights'],
          ['making', 'How it was made'],
        ] as const)
      : runs.map((run, i) => [`run-${i}`, `${letterOf(i)} ${run.name}`] as const)),
  ];
  return htmlPage(title, links, parts, styleFor(runs.length));
}

function runPart(run: ReportRun, i: number, count: number): Content {
  if (count === 1) {
    return html`<section id="results" aria-labelledby="results-title"><h2 id="results-title">Results</h2>${results(run)}</section>
<section id="weights" aria-labelledby="weights-title"><h2 id="weights-title">Weights</h2>${weights(run, 0)}</section>
<section id="making" aria-labelledby="making-title"><h2 id="making-title">How it was made</h2>${making(run)}</section>`;
  }
  return html`<section class="of-run" id="run-${i}" aria-labelledby="run-${i}-title"><h2 id="run-${i}-title"><span class="letter-mark">${letterOf(i)}</span> ${run.name}</h2>${results(run)}${weights(run, i)}${making(run)}</section>`;
}

/** A page with these sections and links to them: all that every report has. */
export async function htmlPage(
  title: string,
  links: readonly (readonly [id: string, name: string])[],
  parts: Content,
  style: string,
): Promise<string> {
  const policy = `default-src 'none'; style-src '${await hashOf(style)}'; script-src '${await hashOf(script)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const content: Html = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="generator" content="${GENERATOR} ${version}"/>
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<header><p class="brand">chainrule report</p><h1>${title}</h1>
<nav aria-label="Sections"><ul>${links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main>${parts}</main>
<footer><p>Written by chainrule ${version}. The page needs no network and no other file.</p></footer>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return content.text;
}

/** What a content security policy knows a style or a script by. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
