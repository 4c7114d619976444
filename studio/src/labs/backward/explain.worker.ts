/** The library's own backward pass, beside the page. */
import { checkNode, type ExplainOptions, ExpressionError, expandNet, explain, explainMatrices, explainNet, isNet } from 'chainrule/explain';
import { UserError } from '../../../../src/errors.ts';
import type { Questions, Reply, Request, Subject } from './protocol.ts';

/** Values of names that the expression has; a value of a name that it had before is left aside. */
function optionsFor(source: string, { values, seed }: Subject): ExplainOptions {
  const all = explain(source, { seed }).check.map(({ leaf }) => leaf);
  return { seed, values: Object.fromEntries(Object.entries(values).filter(([name]) => all.includes(name))) };
}

const answers: { readonly [K in keyof Questions]: (ask: Questions[K]['ask']) => Questions[K]['answer'] } = {
  graph: subject => {
    const { source, activation, loss } = subject;
    if (isNet(source)) return explainNet(source, { activation, loss, ...optionsFor(expandNet(source, { activation, loss }), subject) });
    return explain(source, optionsFor(source, subject));
  },
  matrices: subject => {
    const { activation, loss } = subject;
    const expression = isNet(subject.source) ? expandNet(subject.source, { activation, loss }) : subject.source;
    return explainMatrices({ expression, ...optionsFor(expression, subject) });
  },
  check: subject => {
    const { activation, loss, node } = subject;
    const source = isNet(subject.source) ? expandNet(subject.source, { activation, loss }) : subject.source;
    return checkNode(source, node, optionsFor(source, subject));
  },
  number: ({ text }) => {
    // A name is needed to have something to differentiate by; it counts for nothing.
    const { value, check } = explain(`0*_none + (${text})`, { values: { _none: 0 } });
    if (check.length > 1) throw new UserError(`'${check[1].leaf}' is not a number`);
    return value;
  },
};

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  let reply: Reply;
  try {
    reply = { id: data.id, answer: answers[data.kind](data.ask as never) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    reply = {
      id: data.id,
      trouble:
        error instanceof ExpressionError
          ? { message: error.reason, at: error.at }
          : { message: error.message.replace(/^explain: /, ''), at: null },
    };
  }
  postMessage(reply);
});
