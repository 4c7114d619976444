/** A C function of a library of the system, as any thread of this process can get hold of it. It may be called by several at once. */
export interface ForeignFunction {
  /** The file that koffi is required from. */
  readonly koffi: string;
  readonly library: string;
  readonly name: string;
  readonly result: string;
  readonly parameters: readonly string[];
}
