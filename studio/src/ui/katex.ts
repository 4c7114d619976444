import katex from 'katex';
import 'katex/dist/katex.min.css';

/** Draws TeX into an element by the document, not by HTML text: styles set so are allowed by a strict content security policy. */
export function render(tex: string, element: HTMLElement, displayMode: boolean): void {
  katex.render(tex, element, { displayMode, throwOnError: true, strict: false, trust: true, output: 'htmlAndMathml' });
}
