/** The graph as a page for the terminal: inputs, the forward pass, the backward pass, and the check. */
import type { ExplainGraph, GraphEdge, GraphNode } from './graph.ts';
import { asciiOf, columnsOf, padEnd, padStart, short, visible } from './text.ts';

export interface TextOptions {
  /** ∂, ×, σ and lines; otherwise printable ASCII only. Default true. */
  readonly unicode?: boolean;
  /** Columns that a line may fill, at least 40 (names of variables may make the last table wider). Default 80. */
  readonly width?: number;
  /** Escape sequences for colours. Default false. */
  readonly color?: boolean;
  /** Significant digits. Default 4. */
  readonly digits?: number;
}

type Style = 'bold' | 'dim' | 'value' | 'gradient' | 'warning';
const codes: Readonly<Record<Style, string>> = { bold: '1', dim: '2', value: '32', gradient: '35', warning: '33' };
const operationNames = { addition: 'addition', multiplication: 'multiplication', activation: 'activation' } as const;

/**
 * A page of text: forward, every operation in order with its value; backward, from the output, what each operation hands to its inputs (∂L/∂output ×
 * local derivative) and the sum at each common variable; then gradients beside the numerical ones.
 */
export function renderText(graph: ExplainGraph, { unicode = true, width = 80, color = false, digits = 4 }: TextOptions = {}): string {
  return new Page(graph, unicode, Math.max(40, width), color, digits).render();
}

class Page {
  readonly #graph: ExplainGraph;
  readonly #unicode: boolean;
  readonly #width: number;
  readonly #color: boolean;
  readonly #digits: number;
  readonly #lines: string[] = [];
  readonly #byId: ReadonlyMap<string, GraphNode>;

  constructor(graph: ExplainGraph, unicode: boolean, width: number, color: boolean, digits: number) {
    this.#graph = graph;
    this.#unicode = unicode;
    this.#width = width;
    this.#color = color;
    this.#digits = digits;
    this.#byId = new Map(graph.nodes.map(node => [node.id, node]));
  }

  render(): string {
    const { title, source, nodes, notes } = this.#graph;
    this.#add(title, 0, 'bold');
    const statements = visible(source.replace(/\n/g, ';'))
      .split(';')
      .map(line => line.replace(/\s+/g, ' ').trim())
      .filter(Boolean);
    if (statements.length > 1 || statements[0] !== title) for (const line of statements) this.#add(line, 2);
    this.#inputs(nodes.filter(node => node.kind === 'leaf'));
    this.#forward(nodes.filter(node => node.operation !== null));
    this.#backward();
    this.#check();
    for (const note of notes) {
      this.#lines.push('');
      this.#add(note, 0, 'warning');
    }
    return this.#lines.join('\n');
  }

  #inputs(leaves: readonly GraphNode[]): void {
    this.#heading('Inputs');
    const cells = leaves.map(({ id, value, chosen }) => `${id} = ${this.#n(value)}${chosen === 'default' ? ' (chosen)' : ''}`);
    const column = Math.max(...cells.map(columnsOf)) + 3;
    const perLine = Math.max(1, Math.floor((this.#width - 2) / column));
    for (let i = 0; i < cells.length; i += perLine) {
      this.#add(
        cells
          .slice(i, i + perLine)
          .map(cell => padEnd(cell, column))
          .join('')
          .trimEnd(),
        2,
      );
    }
  }

  #forward(operations: readonly GraphNode[]): void {
    this.#heading('Forward');
    const rows = operations.map(node => {
      const words = node.equation.slice(node.equation.indexOf(' = ') + 3);
      return [node.equation, `= ${this.#inNumbers(node, words)}`, `= ${this.#n(node.value)}`, operationNames[node.operation!]];
    });
    const widths = [0, 1, 2].map(i => Math.max(0, ...rows.map(row => columnsOf(this.#text(row[i])))));
    for (const [equation, numbers, value, operation] of rows) {
      const full = `${this.#pad(equation, widths[0])}  ${this.#pad(numbers, widths[1])}  ${this.#pad(value, widths[2])}  ${operation}`;
      if (columnsOf(full) + 2 <= this.#width) this.#add(full, 2);
      else {
        this.#add(`${equation}  (${operation})`, 2);
        this.#add(`${numbers} ${value}`, 4);
      }
    }
  }

  /** The right side of an equation with values in place of names; a negative value that does not stand by itself is put in parentheses. */
  #inNumbers(node: GraphNode, words: string): string {
    const inputs = this.#graph.edges.filter(edge => edge.to === node.id && this.#byId.get(edge.from)!.kind !== 'constant');
    if (inputs.length === 0) return words;
    const names = inputs.map(({ from }) => from).sort((a, b) => b.length - a.length);
    // A name stands alone: not within a longer one, and not the function of the same name before a parenthesis.
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}_.])(?:${names.join('|')})(?![\\p{L}\\p{N}_(])`, 'gu');
    return words.replace(pattern, (name, at: number) => {
      const value = this.#n(this.#byId.get(name)!.value);
      const [before, after] = [words[at - 1], words[at + name.length]];
      const alone = (at === 0 && after !== '^') || (before === '(' && after === ')') || words[at - 2] === ',' || after === ',';
      return value.startsWith('-') && !alone ? `(${value})` : value;
    });
  }

  #backward(): void {
    const { nodes, edges, output } = this.#graph;
    this.#heading('Backward: what arrives from above times the local derivative');
    this.#add(`${this.#d(output)} = 1`, 2);
    const left = new Map<string, number>();
    for (const { id, fanOut } of nodes) if (fanOut !== null) left.set(id, fanOut.terms.length);
    for (const node of [...nodes].reverse()) {
      const flowing = edges.filter(edge => edge.to === node.id && edge.product !== null);
      if (flowing.length === 0) continue;
      this.#add(`${node.equation}`, 2, 'bold', `  ${operationNames[node.operation!]}`);
      for (const edge of flowing) this.#edge(edge);
      for (const from of new Set(flowing.map(edge => edge.from))) {
        if (!left.has(from)) continue;
        const rest = left.get(from)! - flowing.filter(edge => edge.from === from).length;
        left.set(from, rest);
        if (rest === 0) this.#sum(this.#byId.get(from)!);
      }
    }
  }

  #edge({ from, to, rule, upstream, localDerivative, product }: GraphEdge): void {
    const part = this.#byId.get(from)!.fanOut === null ? '' : ', one part';
    const words = `${this.#d(from)}${part} = ${this.#d(to)} × ${/^[-−]| /.test(rule) ? `(${rule})` : rule}`;
    const numbers = `= ${this.#n(upstream!)} × ${this.#signed(localDerivative!)} = ${this.#n(product!)}`;
    if (columnsOf(words) + columnsOf(numbers) + 5 <= this.#width) this.#add(`${words} ${numbers}`, 4);
    else {
      this.#add(words, 4);
      this.#add(numbers, 6);
    }
  }

  #sum({ id, fanOut, gradient }: GraphNode): void {
    const terms = [...fanOut!.terms].reverse().map(({ product }, i) => (i === 0 ? this.#n(product) : this.#signed(product)));
    this.#add(`${id} is a common variable, used ${terms.length} times: the parts are added`, 2, 'bold');
    this.#add(`${this.#d(id)} = ${terms.join(' + ')} = ${this.#n(gradient!)}`, 4);
  }

  #check(): void {
    this.#heading('Gradients, and the check by central differences');
    const narrow = this.#width < 60;
    const digits = narrow ? 4 : 6;
    const header = ['', this.#d('·'), 'numerical', narrow ? 'error' : 'relative error'];
    const rows = this.#graph.check.map(({ leaf, gradient, numerical, relativeError, kink }) => [
      leaf,
      this.#n(gradient, digits),
      this.#n(numerical, digits),
      kink !== null ? 'kink' : relativeError === 0 ? '0' : relativeError.toExponential(1).replace('e+', 'e'),
    ]);
    const widths = header.map((text, i) => Math.max(...[text, ...rows.map(row => row[i])].map(cell => columnsOf(this.#text(cell)))));
    for (const row of [header, ...rows]) {
      const cells = row.map((cell, i) => (i === 0 ? this.#pad(cell, widths[i]) : padStart(this.#text(cell), widths[i])));
      this.#lines.push(`  ${this.#styled(cells.join('  ').trimEnd(), row === header ? 'dim' : undefined)}`);
    }
  }

  /** ∂L/∂x */
  #d(id: string): string {
    return `∂${this.#graph.loss}/∂${id}`;
  }

  #n(value: number, digits: number = this.#digits): string {
    return short(value, digits);
  }

  /** In a product or sum, after the first place. */
  #signed(value: number): string {
    return value < 0 ? `(${this.#n(value)})` : this.#n(value);
  }

  #text(text: string): string {
    return this.#unicode ? text : asciiOf(text);
  }

  #pad(text: string, columns: number): string {
    return padEnd(this.#text(text), columns);
  }

  #heading(text: string): void {
    this.#lines.push('');
    this.#add(text, 0, 'bold');
  }

  /** One piece of text, broken at spaces into lines of the width, further ones two columns further in. */
  #add(text: string, indent: number, style?: Style, dimmed = ''): void {
    const plain = this.#text(text);
    const rest = this.#text(dimmed);
    let line = '';
    let margin = indent;
    const flush = (tail = ''): void => {
      this.#lines.push(' '.repeat(margin) + this.#styled(line, style) + this.#styled(tail, 'dim'));
      line = '';
      margin = indent + 2;
    };
    for (const [, spaces = '', word = ''] of plain.matchAll(/( *)([^ ]+)/g)) {
      for (let piece = word; ; ) {
        const joined = line === '' ? piece : line + spaces + piece;
        if (columnsOf(joined) + margin <= this.#width) {
          line = joined;
          break;
        }
        if (line !== '') flush();
        else {
          line = cut(piece, this.#width - margin);
          piece = piece.slice(line.length);
          flush();
        }
      }
    }
    if (columnsOf(line + rest) + margin > this.#width) {
      flush();
      line = rest.trim();
      this.#lines.push(' '.repeat(margin) + this.#styled(line, 'dim'));
    } else flush(rest);
  }

  #styled(text: string, style?: Style): string {
    return !this.#color || style === undefined || text === '' ? text : `\u001b[${codes[style]}m${text}\u001b[0m`;
  }
}

/** The longest beginning of a word that fills at most so many columns; at least one character. */
function cut(word: string, columns: number): string {
  let kept = '';
  for (const character of word) {
    if (kept !== '' && columnsOf(kept + character) > columns) break;
    kept += character;
  }
  return kept;
}
