/** Finds where a NaN or an infinity first arose: the same step is computed again, watching every op, forward and backward. */
import { observeEdges } from '../autograd/backward.ts';
import { observeOps } from '../autograd/mode.ts';
import { UserError } from '../errors.ts';
import { currentModulePath, type Module, observeForward } from '../nn/module.ts';
import { step } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Origin, Tensor } from '../tensor/tensor.ts';

/** Training met a number that is not finite; the message says where. */
export class NotFiniteError extends UserError {}

interface Place {
  readonly epoch: number;
  readonly step: number;
  readonly lr: number;
}

type Loss = (output: Tensor, target: Tensor) => Tensor;

/** What was found: a sentence, and what to do about that op, if there is something. */
interface Finding {
  readonly text: string;
  readonly remedy?: string | undefined;
}

/** A message that names the first tensor that is not finite, the op and the layer it is in, what went into it, and what to try. */
export function nanReport(
  model: Module,
  x: Tensor,
  y: Tensor,
  loss: Loss,
  { value, ...place }: Place & { readonly value: number },
): string {
  const found = inData(x, y) ?? inParameters(model) ?? inForward(model, x, y, loss);
  const other = { text: 'computed again, every tensor is finite: the loss itself, or a penalty added to it, is not' };
  return report(`the loss became ${value}`, found ?? other, place);
}

/** The same for a loss that is finite and whose gradient is not. Parameters must still be as they were. */
export function gradientReport(model: Module, x: Tensor, y: Tensor, loss: Loss, place: Place): string {
  const other = { text: 'computed again, every gradient is finite: they grew too large where gradients of several batches were added up' };
  return report('the gradient became not finite', inBackward(model, x, y, loss) ?? other, place);
}

function report(what: string, { text, remedy }: Finding, { epoch, step, lr }: Place): string {
  const advice = `Try a smaller learning rate (it was ${lr}), gradient clipping, or another initialization; and look at the data for values that are not numbers or are very large.`;
  return `${what} in epoch ${epoch}, step ${step}: ${text}.\n${remedy === undefined ? '' : `${remedy}\n`}${advice}`;
}

function inData(x: Tensor, y: Tensor): Finding | null {
  for (const [name, tensor] of [['input', x] as const, ['target', y] as const]) {
    const value = badValue(tensor);
    if (value !== null) return { text: `the ${name} ${formatShape(tensor.shape)} already holds ${value}, so it is in the data` };
  }
  return null;
}

function inParameters(model: Module): Finding | null {
  for (const [name, parameter] of model.namedParameters()) {
    const value = badValue(parameter);
    if (value !== null)
      return {
        text: `the parameter '${name}' ${formatShape(parameter.shape)} already holds ${value}: the update before this step was too large`,
      };
  }
  return null;
}

function inForward(model: Module, x: Tensor, y: Tensor, loss: Loss): Finding | null {
  let found: Finding | null = null;
  const watch = (output: Tensor, origin: Origin): void => {
    if (found !== null) return;
    const value = badValue(output);
    if (value === null) return;
    const where = placeOf(model, origin.inputs);
    found = {
      text: `the first tensor that is not finite is the output ${formatShape(output.shape)} of the op '${origin.op.name}' in ${where}, which holds ${value}; ${inputsOf(origin)}`,
      remedy: remedies[origin.op.name],
    };
  };
  step(() => layered(() => observeOps(watch, () => loss(model.call(x), y))));
  return found;
}

function inBackward(model: Module, x: Tensor, y: Tensor, loss: Loss): Finding | null {
  let found: Finding | null = null;
  const places = new Map<Tensor, string>();
  step(() => {
    const note = (output: Tensor, origin: Origin): void => void places.set(output, placeOf(model, origin.inputs));
    const value = layered(() => observeOps(note, () => loss(model.call(x), y)));
    observeEdges(
      (z, i, gradient) => {
        if (found !== null || z.origin === null) return;
        const bad = badValue(gradient);
        if (bad === null) return;
        const { op, inputs } = z.origin;
        found = {
          text: `the first gradient that is not finite is that of input ${i + 1} ${formatShape(inputs[i].shape)} of the op '${op.name}' in ${places.get(z) ?? 'the loss'}, which holds ${bad} on its way back; ${inputsOf(z.origin)}`,
          remedy: remedies[op.name],
        };
      },
      () => value.backward(),
    );
  });
  return found;
}

/** Layers are known by their paths while they run. */
function layered<T>(work: () => T): T {
  return observeForward(() => {}, work);
}

/** What to do about an op that made a number that is not finite of those that were. */
const remedies: Readonly<Record<string, string>> = {
  log: 'log has no value at or below 0, and a boundless slope near it: keep its input above a small number, as in log(x + 1e-8).',
  sqrt: 'sqrt has no value below 0, and a boundless slope at 0: keep its input above a small number, as in sqrt(x + 1e-8).',
  div: 'A division by 0, or nearly: keep the divisor away from it, as in x / (y + 1e-8).',
  reciprocal: 'A division by 0, or nearly: keep the divisor away from it, as in 1 / (x + 1e-8).',
  pow: 'A power of 0 or of a negative number may have no value or a boundless slope: keep its base above a small number.',
  exp: 'exp overflows above 88 in float32: subtract the largest value first, or use what does (softmax, crossEntropy, bceWithLogits).',
  linear: 'The products have grown beyond float32 (3.4e38): the weights or what comes in are too large.',
  matmul: 'The products have grown beyond float32 (3.4e38): the factors are too large.',
};

/** The layer whose forward pass is running; where a model calls its layers by `forward` itself, the one whose parameter goes in. */
function placeOf(model: Module, inputs: readonly Tensor[]): string {
  const layer = currentModulePath();
  if (layer) return `layer '${layer}' (${moduleName(model, layer)})`;
  const parameter = model.namedParameters().find(([, own]) => inputs.includes(own));
  return parameter === undefined ? 'the loss, or the model itself' : `the layer of the parameter '${parameter[0]}'`;
}

function moduleName(model: Module, path: string): string {
  return new Map(model.namedModules()).get(path)?.constructor.name ?? 'Module';
}

function badValue(tensor: Tensor): number | null {
  const values = tensor.kernels.view(tensor.storage);
  for (let i = 0; i < tensor.size; i++) if (!Number.isFinite(values[i])) return values[i];
  return null;
}

/** From where to where each input goes. */
function inputsOf({ inputs }: Origin): string {
  const ranges = inputs.map(tensor => {
    const values = tensor.kernels.view(tensor.storage);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < tensor.size; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    return `${formatShape(tensor.shape)} from ${low.toPrecision(3)} to ${high.toPrecision(3)}`;
  });
  return `its input${ranges.length === 1 ? ' is' : 's are'} ${ranges.join(', ')}`;
}
