/** Finds where a NaN or an infinity first arose: the same step is computed again, watching every op. */
import { observeOps } from '../autograd/mode.ts';
import { currentModulePath, type Module, observeForward } from '../nn/module.ts';
import { step } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

interface Place {
  readonly value: number;
  readonly epoch: number;
  readonly step: number;
  readonly lr: number;
}

/** A message that names the first tensor that is not finite, the layer it is in, and what to try. */
export function nanReport(model: Module, x: Tensor, y: Tensor, loss: (output: Tensor, target: Tensor) => Tensor, place: Place): string {
  const head = `the loss became ${place.value} in epoch ${place.epoch}, step ${place.step}`;
  return `${head}: ${firstBad(model, x, y, loss)}.\n${advice(place.lr)}`;
}

function advice(lr: number): string {
  return `Try a smaller learning rate (it was ${lr}), gradient clipping, or another initialization; and look at the data for values that are not numbers or are very large.`;
}

function firstBad(model: Module, x: Tensor, y: Tensor, loss: (output: Tensor, target: Tensor) => Tensor): string {
  const input = badValue(x);
  if (input !== null) return `the input ${formatShape(x.shape)} already holds ${input}, so it is in the data`;
  const target = badValue(y);
  if (target !== null) return `the target ${formatShape(y.shape)} already holds ${target}, so it is in the data`;
  for (const [name, parameter] of model.namedParameters()) {
    const value = badValue(parameter);
    if (value !== null)
      return `the parameter '${name}' ${formatShape(parameter.shape)} already holds ${value}: the update before this step was too large`;
  }
  let found: string | null = null;
  step(() =>
    observeForward(
      () => {},
      () =>
        observeOps(
          (output, origin) => {
            if (found !== null) return;
            const value = badValue(output);
            if (value === null) return;
            const where = placeOf(model, origin.inputs);
            found = `the first tensor that is not finite is the output ${formatShape(output.shape)} of the op '${origin.op.name}' in ${where}, which holds ${value}; its inputs reach ${largestOf(origin.inputs)}`;
          },
          () => loss(model.call(x), y),
        ),
    ),
  );
  return found ?? 'computed again, every tensor is finite: the loss itself, or a penalty added to it, is not';
}

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

function largestOf(tensors: readonly Tensor[]): string {
  let largest = 0;
  for (const tensor of tensors) {
    const values = tensor.kernels.view(tensor.storage);
    for (let i = 0; i < tensor.size; i++) largest = Math.max(largest, Math.abs(values[i]));
  }
  return `±${largest.toPrecision(3)}`;
}
