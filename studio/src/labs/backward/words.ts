/** What the library says in English or in signs, in the language of the page. */
import type { ExplainGraph, Operation } from 'chainrule/explain';
import { short } from '../../lib/numbers.ts';
import { m } from '../../paraglide/messages.js';
import type { Step } from './steps.ts';

/** A number, as it stands in formulas and tables. */
export const n: typeof short = short;

/** In a product or a sum, after the first place: a negative number in parentheses. */
export function signed(value: number): string {
  return value < 0 ? `(${n(value)})` : n(value);
}

const activations: ReadonlySet<string> = new Set(['sigmoid', 'tanh', 'relu', 'leakyRelu', 'elu', 'softplus']);

/** What a node is called by its operation; a function that no layer has between its sums, such as exp, is not called an activation. */
export function operationName(operation: Operation | null, kind: string): string {
  if (kind === 'leaf') return m.backward_variable();
  if (kind === 'constant') return m.backward_constant();
  const names = {
    addition: () => m.backward_addition(),
    multiplication: () => m.backward_multiplication(),
    activation: () => (activations.has(kind) ? m.backward_activation() : m.backward_nonlinear()),
  };
  return operation === null ? '' : names[operation]();
}

const titles: Readonly<Record<string, () => string>> = {
  addition: () => m.backward_preset_addition(),
  multiplication: () => m.backward_preset_multiplication(),
  'common-variable': () => m.backward_preset_common_variable(),
  activation: () => m.backward_preset_activation(),
  relu: () => m.backward_preset_relu(),
  'chain-rule': () => m.backward_preset_chain_rule(),
  neuron: () => m.backward_preset_neuron(),
  net: () => m.backward_preset_net(),
  chain: () => m.backward_preset_chain(),
  'softmax-cross-entropy': () => m.backward_preset_softmax(),
};

export function presetName(name: string): string {
  return titles[name]?.() ?? name;
}

const lessons: Readonly<Record<string, () => string>> = {
  addition: () => m.backward_lesson_addition(),
  multiplication: () => m.backward_lesson_multiplication(),
  'common-variable': () => m.backward_lesson_common_variable(),
  activation: () => m.backward_lesson_activation(),
  relu: () => m.backward_lesson_relu(),
  'chain-rule': () => m.backward_lesson_chain_rule(),
  neuron: () => m.backward_lesson_neuron(),
  net: () => m.backward_lesson_net(),
  chain: () => m.backward_lesson_chain(),
  'softmax-cross-entropy': () => m.backward_lesson_softmax(),
};

/** What a preset shows, in a sentence. */
export function lessonOf(name: string): string {
  return lessons[name]?.() ?? '';
}

/** What the language of `explain` expects at a place. */
const expected: Readonly<Record<string, () => string>> = {
  "an operator, ';' or the end": () => m.backward_expected_operator_or_end(),
  "an operator or ')'": () => m.backward_expected_operator_or_close(),
  "a number, a name, a function or '('": () => m.backward_expected_value(),
  "an operator, ',' or ')'": () => m.backward_expected_argument_or_close(),
};

function expectedWords(words: string): string {
  const call = /^'\(' after the function (.+)$/.exec(words);
  return call === null ? (expected[words]?.() ?? words) : m.backward_expected_call({ name: call[1] });
}

function foundWords(words: string): string {
  return words === 'the end' ? m.backward_found_end() : words === 'the end of the line' ? m.backward_found_line_end() : words;
}

/** The library's reasons, by their form, and how each is said here. */
const reasons: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^the expression has (\d+) characters; at most (\d+)/, (given, most) => m.backward_error_too_long({ given, most })],
  [/^'\*\*' is not an operator/, () => m.backward_error_power()],
  [/^'?(.+?)'? is not part of any expression$/, what => m.backward_error_character({ what: what.replace(/^the character /, '') })],
  [/^the expression is empty/, () => m.backward_error_empty()],
  [/^only the last of several/, () => m.backward_error_unnamed()],
  [/^'(.+)' is defined and not used/, name => m.backward_error_unused({ name })],
  [/^'(.+)' is a function; choose/, name => m.backward_error_function_name({ name })],
  [/^'pi' is a number/, () => m.backward_error_pi()],
  [/^'(.+)' is defined twice/, name => m.backward_error_twice({ name })],
  [/^'(.+)' is used before/, name => m.backward_error_before({ name })],
  [/^'(.+)' is defined by itself/, name => m.backward_error_itself({ name })],
  [/^(.+) is larger than any number/, number => m.backward_error_huge({ number })],
  [/^unknown function '(.+)'; there are (.+)$/, (name, list) => m.backward_error_unknown_function({ name, list })],
  [
    /^(.+) takes (?:(at least) )?(\d+)(?: or (\d+))? arguments?; (\d+) /,
    (name, _, least, most, given) => m.backward_error_arguments({ name, wanted: most ? `${least}–${most}` : least, given }),
  ],
  [
    /^expected an operator, but found '(.+)'; a product is written with \*, as in (.+)$/,
    (found, example) => m.backward_error_product({ found, example }),
  ],
  [
    /^expected (.+), but found (.+)$/,
    (wanted, found) => m.backward_error_expected({ wanted: expectedWords(wanted), found: foundWords(found) }),
  ],
  [/^nested more than (\d+) deep/, most => m.backward_error_depth({ most })],
  [/^more than (\d+) operations/, most => m.backward_error_operations({ most })],
  [/^the derivative of (.+) with respect to (.+) is (.+) here/, (what, by, value) => m.backward_error_derivative({ what, by, value })],
  [/^the gradient that (.+) hands to (.+) is (.+) here/, (what, to, value) => m.backward_error_gradient({ what, to, value })],
  [/^(.+) is (-?Infinity|NaN)(?: \(of .+\))?; give values/, (what, value) => m.backward_error_infinite({ what, value })],
  [/^the expression has no variable/, () => m.backward_error_no_variable()],
  [/^the gradient for (.+) cannot be checked/, name => m.backward_error_uncheckable({ name })],
  [/^'(.+)' is not a net/, () => m.backward_error_net()],
  [/^the net (.+) has (\d+) weights/, (sizes, count) => m.backward_error_net_size({ sizes, count })],
  [/^cross-entropy needs at least 2 outputs/, () => m.backward_error_outputs()],
  [/^'(.+)' is not a number$/, what => m.backward_error_not_number({ what })],
];

/** A reason in the page's language. One that no form fits is shown as the library says it. */
export function reasonInWords(reason: string): string {
  for (const [form, say] of reasons) {
    const found = form.exec(reason);
    if (found !== null) return say(...found.slice(1).map(part => part ?? ''));
  }
  return reason;
}

/** A step of the pass, as it is said to who listens. */
export function stepInWords(graph: ExplainGraph, done: Step): string {
  const node = graph.nodes.find(({ id }) => id === done.node)!;
  if (done.kind === 'forward') return `${node.equation} = ${n(node.value)}`;
  if (done.kind === 'seed') return m.backward_said_gradient({ name: node.id, value: '1' });
  if (done.kind === 'sum') {
    return m.backward_said_sum({
      name: node.id,
      sum: node
        .fanOut!.terms.toReversed()
        .map(({ product }) => n(product))
        .join(' + '),
      value: n(node.gradient!),
    });
  }
  const edge = graph.edges.find(({ id }) => id === done.edge)!;
  return m.backward_said_edge({
    to: edge.to,
    from: edge.from,
    upstream: n(edge.upstream!),
    local: n(edge.localDerivative!),
    product: n(edge.product!),
  });
}
