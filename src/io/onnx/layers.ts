/** What each layer is in ONNX, as it computes in inference. */
import { UserError } from '../../errors.ts';
import * as activations from '../../nn/activations.ts';
import { BatchNorm1d } from '../../nn/batch-norm.ts';
import { Dropout } from '../../nn/dropout.ts';
import { GaussianNoise } from '../../nn/gaussian-noise.ts';
import { LayerNorm } from '../../nn/layer-norm.ts';
import { Linear } from '../../nn/linear.ts';
import type { Module } from '../../nn/module.ts';
import { Sequential } from '../../nn/sequential.ts';
import { Flatten, Identity } from '../../nn/shape-layers.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { OnnxGraph } from './graph.ts';

type Convert<M extends Module> = (graph: OnnxGraph, x: string, layer: M, path: string) => string;
// biome-ignore lint/suspicious/noExplicitAny: a class of any module, whatever its constructor takes
type LayerClass<M extends Module> = abstract new (...args: any[]) => M;

const rows: [LayerClass<Module>, Convert<Module>][] = [];
function layer<M extends Module>(type: LayerClass<M>, convert: Convert<M>): void {
  rows.push([type, convert as Convert<Module>]);
}

layer(Sequential, (graph, x, sequential, path) =>
  sequential.namedChildren().reduce((value, [name, child]) => convertLayer(graph, value, child, join(path, name)), x),
);
layer(Flatten, (graph, x) => graph.node('Flatten', [x], { ints: { axis: 1 } }));

// In inference they do nothing.
for (const type of [Identity, Dropout, GaussianNoise]) layer(type, (_, x) => x);

// DropConnect is a Linear too, and one in inference.
layer(Linear, (graph, x, { weight, bias }, path) => {
  const inputs = [
    x,
    constantOf(graph, join(path, 'weight'), weight),
    ...(bias === null ? [] : [constantOf(graph, join(path, 'bias'), bias)]),
  ];
  return graph.node('Gemm', inputs, { ints: { transB: 1 } });
});

layer(BatchNorm1d, (graph, x, norm, path) => {
  const { numFeatures, weight, bias, runningMean, runningVar, eps } = norm;
  if (runningMean === null)
    throw new UserError(`ONNX: '${path}' is a BatchNorm1d without running statistics; its inference depends on the batch`);
  const filled = (value: number): number[] => new Array<number>(numFeatures).fill(value);
  const inputs = [
    x,
    weight === null ? graph.constant(join(path, 'weight'), filled(1), [numFeatures]) : constantOf(graph, join(path, 'weight'), weight),
    bias === null ? graph.constant(join(path, 'bias'), filled(0), [numFeatures]) : constantOf(graph, join(path, 'bias'), bias),
    constantOf(graph, join(path, 'running_mean'), runningMean),
    constantOf(graph, join(path, 'running_var'), runningVar!),
  ];
  return graph.node('BatchNormalization', inputs, { floats: { epsilon: eps } });
});

layer(LayerNorm, (graph, x, { normalizedShape, weight, bias, eps }, path) => {
  const size = normalizedShape.reduce((product, n) => product * n, 1);
  const scale =
    weight === null
      ? graph.constant(join(path, 'weight'), new Array<number>(size).fill(1), normalizedShape)
      : constantOf(graph, join(path, 'weight'), weight);
  const inputs = [x, scale, ...(bias === null ? [] : [constantOf(graph, join(path, 'bias'), bias)])];
  return graph.node('LayerNormalization', inputs, { ints: { axis: -normalizedShape.length }, floats: { epsilon: eps } });
});

layer(activations.ReLU, (graph, x) => graph.node('Relu', [x]));
layer(activations.Sigmoid, (graph, x) => graph.node('Sigmoid', [x]));
layer(activations.Tanh, (graph, x) => graph.node('Tanh', [x]));
layer(activations.Softsign, (graph, x) => graph.node('Softsign', [x]));
layer(activations.LeakyReLU, (graph, x, { negativeSlope }) => graph.node('LeakyRelu', [x], { floats: { alpha: negativeSlope } }));
layer(activations.ELU, (graph, x, { alpha }) => graph.node('Elu', [x], { floats: { alpha } }));
// The constants of Klambauer et al. 2017, which are ONNX's defaults too.
layer(activations.SELU, (graph, x) => graph.node('Selu', [x], { floats: { alpha: 1.6732632423543772, gamma: 1.0507009873554805 } }));
layer(activations.SiLU, (graph, x) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]));
layer(activations.Mish, (graph, x) => graph.node('Mul', [x, graph.node('Tanh', [graph.node('Softplus', [x])])]));
layer(activations.LogSigmoid, (graph, x) => graph.node('Neg', [graph.node('Softplus', [graph.node('Neg', [x])])]));
layer(activations.Softplus, (graph, x, { beta }) => {
  if (beta === 1) return graph.node('Softplus', [x]);
  const factor = graph.constant('beta', [beta]);
  return graph.node('Div', [graph.node('Softplus', [graph.node('Mul', [x, factor])]), factor]);
});
layer(activations.GELU, (graph, x, { approximate }) => {
  const times = (value: string, factor: number): string => graph.node('Mul', [value, graph.constant('factor', [factor])]);
  const plus = (value: string, term: string): string => graph.node('Add', [value, term]);
  // x/2 (1 + erf(x/√2)), or x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
  const cube = (): string => graph.node('Mul', [graph.node('Mul', [x, x]), x]);
  const inner =
    approximate === 'none'
      ? graph.node('Erf', [times(x, Math.SQRT1_2)])
      : graph.node('Tanh', [times(plus(x, times(cube(), 0.044715)), Math.sqrt(2 / Math.PI))]);
  return graph.node('Mul', [times(x, 0.5), plus(inner, graph.constant('one', [1]))]);
});
layer(activations.Hardtanh, (graph, x, { minVal, maxVal }) => clip(graph, x, minVal, maxVal));
layer(activations.ReLU6, (graph, x) => clip(graph, x, 0, 6));
layer(activations.Hardsigmoid, (graph, x) => graph.node('HardSigmoid', [x], { floats: { alpha: 1 / 6, beta: 0.5 } }));
layer(activations.Hardswish, (graph, x) => graph.node('HardSwish', [x]));
layer(activations.PReLU, (graph, x, { weight }, path) => graph.node('PRelu', [x, constantOf(graph, join(path, 'weight'), weight)]));
layer(activations.Softmax, (graph, x, { dim }) => graph.node('Softmax', [x], { ints: { axis: dim } }));
layer(activations.LogSoftmax, (graph, x, { dim }) => graph.node('LogSoftmax', [x], { ints: { axis: dim } }));

const byClass = new Map(rows);

/**
 * Adds a layer to the graph, after the value `x`.
 *
 * @returns the name of its output
 * @throws UserError for a layer that has no place in the table above
 */
export function convertLayer(graph: OnnxGraph, x: string, module: Module, path: string): string {
  for (let type = module.constructor; type !== Object && type !== null; type = Object.getPrototypeOf(type)) {
    const convert = byClass.get(type as never);
    if (convert !== undefined) return convert(graph, x, module, path);
  }
  throw new UserError(
    `ONNX: '${path}' is a ${module.constructor.name}, which cannot be exported; these can: ${rows.map(([type]) => type.name).join(', ')}`,
  );
}

function constantOf(graph: OnnxGraph, name: string, tensor: Tensor): string {
  return graph.constant(name, tensor.toArray(), tensor.shape);
}

function clip(graph: OnnxGraph, x: string, low: number, high: number): string {
  return graph.node('Clip', [x, graph.constant('low', [low]), graph.constant('high', [high])]);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
