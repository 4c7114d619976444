/**
 * Models as ONNX files, which ONNX Runtime, browsers, phones and other languages run. Of opset 17 (2022), which every runtime of the last years reads.
 *
 * Source: the ONNX specification, https://onnx.ai/onnx/repo-docs/IR.html; the messages are those of the official onnx.proto (onnx_pb.js).
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { UserError } from '../../errors.ts';
import type { Module } from '../../nn/module.ts';
import { MultiHead } from '../../nn/multi-head.ts';
import { version } from '../../version.ts';
import { type ElementType, OnnxGraph, valueInfo } from './graph.ts';
import { convertLayer } from './layers.ts';
import { ModelProtoSchema } from './onnx_pb.js';

/** What is done to an example before the model sees it; part of the graph where it is given. */
export type OnnxPreprocessing =
  /** (x scale - mean) / std, of bytes 0 to 255 (`uint8`) or of floats. */
  | { readonly kind: 'normalize'; readonly scale: number; readonly mean: number; readonly std: number; readonly bytes: boolean }
  /** (x - mean) / std feature by feature, 0 where x is NaN. */
  | { readonly kind: 'standardize'; readonly mean: readonly number[]; readonly std: readonly number[] };

export interface OnnxOptions {
  /** The shape of one example, such as [1, 28, 28]. */
  readonly inputShape: readonly number[];
  /** Numbers that come out for one example; of a `MultiHead` of each head. */
  readonly outputSizes: readonly number[];
  /** Name of the output; those of a `MultiHead` are called as the heads are. Default 'output'. */
  readonly outputName?: string;
  /** Puts this before the model. Default: none, the input is what the model was trained on. */
  readonly preprocessing?: OnnxPreprocessing | null;
  /** Adds an output `probabilities` (of a `MultiHead` `<head>_probabilities`), the softmax of each output. Default false. */
  readonly probabilities?: boolean;
  /** Free text by name, such as the classes; kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of an ONNX file: input `input` [batch, ...inputShape], for any number of examples at once.
 *
 * @throws UserError for a layer that ONNX has no equivalent of here, naming it
 */
export function encodeOnnx(model: Module, options: OnnxOptions): Uint8Array {
  const { inputShape, outputSizes, outputName = 'output', preprocessing = null, probabilities = false, metadata = {} } = options;
  const graph = new OnnxGraph();
  const input = graph.reserve('input');
  const heads: [string, Module][] = model instanceof MultiHead ? Object.entries(model.heads) : [[outputName, model]];
  for (const [name] of heads) graph.reserve(name);
  const x = prepare(graph, input, preprocessing);
  const trunk = model instanceof MultiHead ? convertLayer(graph, x, model.trunk, 'trunk') : x;
  const outputs = heads.map(([name, head], i) => {
    const path = model instanceof MultiHead ? `heads.${name}` : '';
    return { name, value: convertLayer(graph, trunk, head, path), size: outputSizes[i] };
  });
  const results = outputs.map(({ name, value, size }) => valueInfo(rename(graph, value, name), 'float', [size]));
  if (probabilities) {
    for (const { name, size } of outputs) {
      const wanted = model instanceof MultiHead ? `${name}_probabilities` : 'probabilities';
      results.push(valueInfo(graph.node('Softmax', [name], { ints: { axis: -1 } }, wanted), 'float', [size]));
    }
  }
  const inputType: ElementType = preprocessing?.kind === 'normalize' && preprocessing.bytes ? 'uint8' : 'float';
  const file = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'chainrule',
    producerVersion: version,
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'model',
      node: graph.nodes,
      initializer: graph.constants,
      input: [valueInfo(input, inputType, inputShape)],
      output: results,
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  return toBinary(ModelProtoSchema, file);
}

function prepare(graph: OnnxGraph, input: string, preprocessing: OnnxPreprocessing | null): string {
  if (preprocessing === null) return input;
  if (preprocessing.kind === 'normalize') {
    const { scale, mean, std, bytes } = preprocessing;
    const scaled = graph.node('Mul', [bytes ? graph.cast(input, 'float') : input, graph.constant('scale', [scale])]);
    return graph.node('Div', [graph.node('Sub', [scaled, graph.constant('mean', [mean])]), graph.constant('std', [std])]);
  }
  const { mean, std } = preprocessing;
  if (mean.length !== std.length)
    throw new UserError(`ONNX: ${mean.length} means and ${std.length} standard deviations; as many were expected`);
  // In double, as the table itself was standardized: the mean of a feature may be large beside its deviation.
  const wide = graph.cast(input, 'double');
  const shifted = graph.node('Sub', [wide, graph.constant('mean', mean, [mean.length], 'double')]);
  const standardized = graph.cast(graph.node('Div', [shifted, graph.constant('std', std, [std.length], 'double')]), 'float');
  return graph.node('Where', [graph.node('IsNaN', [input]), graph.constant('missing', [0]), standardized]);
}

/** Gives a value the name it must have outside. */
function rename(graph: OnnxGraph, value: string, name: string): string {
  graph.nodes.push({ opType: 'Identity', name: `${name}_node`, input: [value], output: [name] });
  return name;
}
