/** How a report looks: light and dark, from a phone to paper. */
import { COLORS } from './charts/marks.ts';

/**
 * Okabe and Ito's colours ("Color Universal Design", 2008), which most people who see fewer colours can tell apart, made darker for white paper and
 * lighter for a dark screen so that each stands out at 3:1 at least.
 */
const LIGHT = ['#0063a6', '#b84c00', '#007a56', '#a3458a', '#8a6a00', '#2f7fa8', '#3d3d3d', '#a02020'];
const DARK = ['#5cb3ff', '#ff9a4d', '#3fcf9f', '#f08fd0', '#e6c229', '#8fd3f5', '#d0d0d0', '#ff8080'];

const variables = (colors: readonly string[]): string => colors.map((color, i) => `--c${i}:${color}`).join(';');

const base = `
:root{color-scheme:light dark;${variables(LIGHT)};--text:#1b1f24;--soft:#57606a;--line:#d4d9df;--grid:#e8ebef;--paper:#fff;--sheet:#f5f7f9;--accent:#0063a6;--right:0,99,166;--wrong:184,76,0;--note:#fff6e0;--note-line:#b8860b}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)};--text:#e8eaed;--soft:#a9b1ba;--line:#3a414a;--grid:#2b3138;--paper:#15181c;--sheet:#1d2126;--accent:#7cc4ff;--right:70,150,220;--wrong:230,120,50;--note:#2d2614;--note-line:#d4a72c}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
header,main,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
.brand{margin:0;color:var(--soft);font-size:.875rem;letter-spacing:.04em}
h1{margin:.1rem 0 1rem;font-size:clamp(1.5rem,4vw,2.25rem);line-height:1.2;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{margin:0 0 1rem;padding-top:1.5rem;border-top:1px solid var(--line);font-size:1.4rem;line-height:1.25;overflow-wrap:anywhere}
h3{margin:1.75rem 0 .5rem;font-size:1.1rem}
h4,h5{margin:1.25rem 0 .35rem;font-size:1rem}
p{margin:.35rem 0 .75rem;max-width:46rem}
small{font-size:.8125rem;font-weight:400;color:var(--soft)}
a{color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0 0 1.5rem;padding:0;list-style:none}
section{margin:0 0 2.5rem}
footer{border-top:1px solid var(--line);padding:1rem 1.25rem 2rem;color:var(--soft);font-size:.875rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:0 0 1.25rem}
.tiles div{display:flex;flex-direction:column-reverse;justify-content:flex-end;padding:.8rem 1rem;background:var(--sheet);border-radius:.6rem}
.tiles dt{color:var(--soft);font-size:.8125rem;line-height:1.35}
.tiles dd{margin:0;font-size:1.25rem;font-weight:600;line-height:1.3}
.tiles .first{background:var(--accent);color:var(--paper)}
.tiles .first dt{color:inherit}
.notices{margin:1rem 0;padding:.25rem 1.1rem;background:var(--note);border-left:4px solid var(--note-line);border-radius:.3rem}
.notices h3{margin:.6rem 0 .2rem;font-size:1rem}
.notices ul{margin:0 0 .75rem;padding-left:1.1rem}
.notices li{white-space:pre-line}
.shown{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0;padding:.5rem 1rem;border:1px solid var(--line);border-radius:.6rem}
.named{display:flex;align-items:center;gap:.4rem;min-width:7rem}
.beside{display:flex;flex-wrap:wrap;gap:0 3rem}
.beside>*{min-width:0;max-width:100%}
.beside caption{max-width:26rem}
.shown label{display:flex;align-items:center;gap:.4rem;min-height:1.75rem;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.5rem 2.5rem}
figure{margin:0}
.chart figcaption h3,.chart figcaption h5,.mosaic h4{margin:0;font-size:1rem}
.chart figcaption p{margin:.1rem 0 .4rem;color:var(--soft);font-size:.875rem}
.legend{display:flex;flex-wrap:wrap;gap:0 1.25rem;margin:.25rem 0;padding:0;list-style:none;font-size:.875rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.sample{flex:none;vertical-align:middle}
.plot{position:relative;padding:.75rem 2rem 0 3.5rem}
.plot svg{display:block;overflow:visible}
.plot svg svg{overflow:hidden}
.x-label{margin:1.6rem 0 .4rem;max-width:none;text-align:center;color:var(--soft);font-size:.8125rem}
.tick,.letter{font-size:12px;fill:var(--soft)}
.letter{font-weight:700;fill:currentColor}
.grid{stroke:var(--grid)}
.axis,.tick-mark{stroke:var(--soft)}
.line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.dash-1{stroke-dasharray:6 5}
.dash-2{stroke-dasharray:1.5 4}
.dash-3{stroke-dasharray:10 4 2 4}
.reference{stroke:var(--soft);stroke-dasharray:3 4;stroke-width:1.5}
.dot{fill:currentColor}
.ring{fill:none;stroke:currentColor;stroke-width:2}
.leader{stroke:currentColor;stroke-width:1;stroke-dasharray:1 3}
.bar{fill:currentColor;stroke:var(--paper)}
.plain{color:var(--text)}
.coordinates{min-width:34rem;padding-bottom:2rem}
.coordinates .reference{opacity:.6}
.share{vertical-align:middle}
.hint-line{stroke:var(--soft);stroke-dasharray:2 3}
.hint{position:absolute;z-index:1;top:0;max-width:15rem;padding:.35rem .6rem;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;box-shadow:0 2px 8px #0003;font-size:.8125rem;line-height:1.4;pointer-events:none}
.hint b{display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:.25rem 0 .75rem;font-size:.875rem}
caption{padding:0 0 .4rem;text-align:left;color:var(--soft);font-size:.875rem}
th,td{padding:.25rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid);font-weight:400}
thead th{vertical-align:bottom;border-bottom:1px solid var(--soft);font-weight:600}
tbody th{text-align:right}
th.word,td.word{text-align:left}
td.word,tbody th.word{white-space:normal;min-width:4rem;max-width:24rem;overflow-wrap:anywhere}
details{margin:.25rem 0 .75rem}
summary{cursor:pointer;color:var(--accent);font-size:.875rem}
details[open] summary{margin-bottom:.4rem}
details .scroll{max-height:24rem;overflow:auto}
.confusion th,.confusion td{padding:.2rem .3rem;min-width:2.1rem;text-align:center;border:1px solid var(--paper);font-size:.8125rem}
.confusion thead th,.confusion tbody th{border-color:var(--paper);font-weight:600}
.confusion caption{max-width:30rem;white-space:normal}
${[0, 1, 2, 3, 4, 5, 6].map(i => `.right.s${i}{background:rgba(var(--right),${(0.05 * i + 0.05).toFixed(2)})}.wrong.s${i}{background:${i === 0 ? 'none' : `rgba(var(--wrong),${(0.07 * i).toFixed(2)})`}}`).join('\n')}
.wrong.s0{color:var(--soft)}
.right{font-weight:600}
.mark{color:var(--c1)}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.25rem,1fr));gap:1rem;margin:.5rem 0 1rem;padding:0;list-style:none}
.gallery figcaption{font-size:.875rem;line-height:1.35}
.ink,.weights{image-rendering:pixelated;border:1px solid var(--line);border-radius:.3rem}
.ink{filter:invert(1)}
.weights{display:block;width:100%;max-width:46rem;height:auto;margin:.5rem 0}
@media screen and (prefers-color-scheme:dark){.ink{filter:none}.weights{filter:invert(1) hue-rotate(180deg)}}
.spark{display:block;width:6rem;color:var(--c0)}
.spark path{fill:currentColor}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:0 2rem;margin:.25rem 0 .75rem;font-size:.9375rem}
.facts div{display:flex;gap:.75rem;padding:.3rem 0;border-bottom:1px solid var(--grid)}
.facts dt{flex:0 0 8rem;color:var(--soft)}
.facts dd{margin:0;min-width:0;overflow-wrap:anywhere}
pre{margin:.35rem 0 .75rem;padding:.7rem .9rem;background:var(--sheet);border-radius:.4rem;font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.letter-mark{display:inline-block;min-width:1.9rem;padding:0 .4rem;border-radius:.4rem;background:var(--sheet);text-align:center}
@media (max-width:40rem){header,main,footer{padding-left:1rem;padding-right:1rem}.plot{padding-right:1.4rem;padding-left:3.1rem}.confusion th,.confusion td{padding:.15rem .1rem;min-width:1.6rem;font-size:.75rem}.tiles{grid-template-columns:1fr 1fr}.tiles .first{grid-column:1/-1}th,td{padding:.2rem .35rem;font-size:.8125rem}caption,.beside caption{max-width:calc(100vw - 3rem)}.facts dt{flex-basis:7rem}}
@media print{@page{margin:14mm}body{font-size:10.5pt}header,main,footer{max-width:none;padding:0}nav,.shown,.hint{display:none}section{margin-bottom:1rem}.of-run{break-before:page}h2,h3,h4,h5,figcaption{break-after:avoid}figure,.tiles,.notices,tr,.matrix,.gallery li,.facts div{break-inside:avoid}.charts{grid-template-columns:1fr 1fr}details::details-content{content-visibility:visible;block-size:auto}.scroll,details .scroll{overflow:visible;max-height:none}pre{white-space:pre-wrap;overflow-wrap:anywhere}thead{display:table-header-group}.right,.wrong,.tiles .first,.tiles div,.bar,.spark{print-color-adjust:exact;-webkit-print-color-adjust:exact}.tiles .first{background:none;color:inherit;border:2px solid var(--accent)}a{color:inherit;text-decoration:none}th,td{padding:.1rem .4rem;font-size:8.5pt}thead th{white-space:normal}}
`;

/** The style of a page with so many runs. A run whose box is not ticked is hidden by the style alone, without a script. */
export function styleFor(runs: number): string {
  const colors = Array.from({ length: COLORS }, (_, i) => `.c${i}{color:var(--c${i})}`).join('');
  const hidden = Array.from({ length: runs }, (_, i) => `body:has(#show-${i}:not(:checked)) .plot .run-${i}{display:none}`).join('\n');
  return `${base}${colors}\n${runs > 1 ? hidden : ''}\n`;
}
