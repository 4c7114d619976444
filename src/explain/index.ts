/** The backward pass, made visible: of an expression, of a small net in numbers, of a small net in matrices. */
export { checkNode, type ExplainOptions, explain } from './explain.ts';
export { functionNames, type Operation } from './functions.ts';
export type { ExplainGraph, GradientCheck, GraphEdge, GraphNode } from './graph.ts';
export { explainMatrices, type MatricesOptions, type MatrixPass, type MatrixStep } from './matrices.ts';
export {
  expandNet,
  explainAny,
  explainNet,
  explainPreset,
  isNet,
  type NetActivation,
  type NetOptions,
  type Preset,
  presets,
} from './presets.ts';
export { type DotOptions, renderDot } from './render-dot.ts';
export { renderMatrices } from './render-matrices.ts';
export { renderText, type TextOptions } from './render-text.ts';
export { type Expression, ExpressionError, limits, type Program, parse } from './syntax.ts';
