/** Looks into the schema: what stands at a path, with its type, its default and its help. For messages, flags and forms. */

/** What is read of a valibot schema here. */
export interface SchemaNode {
  readonly type: string;
  readonly wrapped?: SchemaNode;
  readonly default?: unknown;
  /** Of a list: the schema of each element. */
  readonly item?: SchemaNode;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  /** The schemas of a variant or union, or the words of a picklist. */
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly pipe?: readonly SchemaNode[];
  /** Of an item in a pipe: its help. */
  readonly description?: string;
}

/** One place in the schema. Under a variant there may be several for one path: an optimizer's `lr` is there once for each kind. */
export interface Field {
  readonly node: SchemaNode;
  /** The `name`s of the variant it belongs to; empty where it belongs to none. */
  readonly kinds: readonly string[];
}

/** The schema inside pipes, defaults and nulls. */
export function unwrap(schema: SchemaNode): SchemaNode {
  let inner = schema;
  while (inner.wrapped !== undefined || (inner.pipe !== undefined && inner.pipe[0] !== inner)) inner = inner.wrapped ?? inner.pipe![0];
  return inner;
}

/** What a schema adds around its inside: the help of a pipe, the default of an optional. */
export function describeField(schema: SchemaNode): { help?: string; fallback?: unknown; type: string; words: string[] } {
  let help: string | undefined;
  let fallback: unknown;
  let inner: SchemaNode = schema;
  for (;;) {
    help ??= inner.pipe?.find(item => item.type === 'description')?.description;
    fallback ??= inner.default;
    const next: SchemaNode | undefined = inner.wrapped ?? (inner.pipe !== undefined && inner.pipe[0] !== inner ? inner.pipe[0] : undefined);
    if (next === undefined) break;
    inner = next;
  }
  const found = { type: inner.type, words: wordsOf(inner) };
  return { ...found, ...(help === undefined ? {} : { help }), ...(fallback === undefined ? {} : { fallback }) };
}

/** Everything that may stand at a path of keys, whatever the kinds on the way. */
export function fieldsAt(root: SchemaNode, path: readonly string[]): Field[] {
  let fields: Field[] = [{ node: root, kinds: [] }];
  for (const key of path) fields = fields.flatMap(field => childrenOf(field, key));
  return fields;
}

/** The keys that an object at this path may have, given the value there, which decides among the kinds of a variant. */
export function keysAt(root: SchemaNode, path: readonly string[], value: unknown): string[] {
  const name = (value as { name?: unknown } | null)?.name;
  const objects = fieldsAt(root, path).flatMap(field => alternatives(unwrap(field.node)));
  const fitting = objects.filter(one => kindsOf(one).length === 0 || kindsOf(one).includes(String(name)));
  return [...new Set((fitting.length > 0 ? fitting : objects).flatMap(one => Object.keys(one.entries ?? {})))];
}

function childrenOf({ node, kinds }: Field, key: string): Field[] {
  const inner = unwrap(node);
  const isVariant = inner.type === 'variant';
  if (inner.type === 'array') return [{ node: inner.item!, kinds }];
  return alternatives(inner).flatMap(one => {
    const child = one.entries?.[key];
    return child === undefined ? [] : [{ node: child, kinds: isVariant ? kindsOf(one) : kinds }];
  });
}

function alternatives(inner: SchemaNode): SchemaNode[] {
  return inner.type === 'variant' ? (inner.options as SchemaNode[]).flatMap(one => alternatives(unwrap(one))) : [inner];
}

/** The names by which an object of a variant is chosen. */
function kindsOf(object: SchemaNode): string[] {
  const name = object.entries?.name;
  return name === undefined ? [] : wordsOf(unwrap(name));
}

function wordsOf(inner: SchemaNode): string[] {
  if (inner.type === 'picklist') return (inner.options ?? []).map(String);
  if (inner.type === 'union')
    return ((inner.options ?? []) as SchemaNode[]).flatMap(one => (unwrap(one).type === 'picklist' ? wordsOf(unwrap(one)) : []));
  return inner.type === 'literal' ? [String(inner.literal)] : [];
}
