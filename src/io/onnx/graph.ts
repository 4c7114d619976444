/** Puts an ONNX graph together: nodes, constants, names. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx_pb.js';

type Node = MessageInitShape<typeof NodeProtoSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;
type ValueInfo = MessageInitShape<typeof ValueInfoProtoSchema>;

export type ElementType = 'float' | 'double' | 'uint8' | 'int64';

const dataTypes: Readonly<Record<ElementType, number>> = {
  float: DataType.FLOAT,
  double: DataType.DOUBLE,
  uint8: DataType.UINT8,
  int64: DataType.INT64,
};

/** Attributes of a node: whole numbers, or floats where they are named in `floats`. */
export interface Attributes {
  readonly ints?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
}

export class OnnxGraph {
  readonly nodes: Node[] = [];
  readonly constants: Tensor[] = [];
  readonly #names = new Set<string>();

  /** A node of one output, whose name is returned: the one given, or one that is free. */
  node(operator: string, inputs: readonly string[], { ints = {}, floats = {} }: Attributes = {}, output?: string): string {
    const name = this.#free(output ?? operator.toLowerCase());
    const attribute = [
      ...Object.entries(ints).map(([key, value]) => create(AttributeProtoSchema, { name: key, type: AttributeType.INT, i: BigInt(value) })),
      ...Object.entries(floats).map(([key, value]) => create(AttributeProtoSchema, { name: key, type: AttributeType.FLOAT, f: value })),
    ];
    this.nodes.push({ opType: operator, name: `${name}_node`, input: [...inputs], output: [name], attribute });
    return name;
  }

  /** A cast to another element type. */
  cast(input: string, type: ElementType): string {
    return this.node('Cast', [input], { ints: { to: dataTypes[type] } });
  }

  /** A constant, by this name or one like it. */
  constant(name: string, values: ArrayLike<number>, shape: readonly number[] = [], type: 'float' | 'double' = 'float'): string {
    const free = this.#free(name);
    const data = type === 'float' ? Float32Array.from(values) : Float64Array.from(values);
    const rawData = new Uint8Array(data.buffer); // little-endian, as every engine has it and ONNX wants it
    this.constants.push({ name: free, dataType: dataTypes[type], dims: shape.map(BigInt), rawData });
    return free;
  }

  /** Takes a name that must be kept, such as the input's. */
  reserve(name: string): string {
    this.#names.add(name);
    return name;
  }

  #free(name: string): string {
    let candidate = name;
    for (let n = 1; this.#names.has(candidate); n++) candidate = `${name}_${n}`;
    this.#names.add(candidate);
    return candidate;
  }
}

/** What goes in or comes out: its name, element type and shape, any number of examples at once. */
export function valueInfo(name: string, type: ElementType, shape: readonly number[]): ValueInfo {
  const dim = [
    { value: { case: 'dimParam', value: 'batch' } } as const,
    ...shape.map(size => ({ value: { case: 'dimValue', value: BigInt(size) } }) as const),
  ];
  return { name, type: { value: { case: 'tensorType', value: { elemType: dataTypes[type], shape: { dim } } } } };
}
