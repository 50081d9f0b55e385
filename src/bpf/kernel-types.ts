/** Where a member of a structure is. */
export interface Member {
  /** Bytes from the beginning of the structure. */
  offset: number;
  /** Bytes of the member; 8 for a pointer, the whole array for an array. */
  size: number;
}

/** Kinds of types that have an id which bpf(2) takes: a kernel function, a `typedef`. */
export type NamedKind = 'func' | 'typedef';

/** What programs ask about the types of the running kernel. {@link Btf} answers from the kernel's own description. */
export interface KernelTypes {
  /**
   * A member of a structure. Members of anonymous structures and unions count as the structure's own, as in C.
   *
   * @param path names of members, each within the previous one, with dots: `__sk_common.skc_net.net`
   * @throws {BtfError} when there is no such structure or member, or the member is a bit field
   */
  member(structure: string, path: string): Member;
  /**
   * The id of a type, as `attach_btf_id` of bpf(2) takes it.
   *
   * @throws {BtfError} when there is none of this name
   */
  id(kind: NamedKind, name: string): number;
  /**
   * How many arguments a kernel function has, or a tracepoint by its `btf_trace_` typedef.
   *
   * @throws {BtfError} when there is none of this name
   */
  parameters(kind: NamedKind, name: string): number;
  /**
   * The constants of an enumeration, by name: their values differ by kernel.
   *
   * @throws {BtfError} when there is none of this name
   */
  enumerators(name: string): Readonly<Record<string, number>>;
}

/** The kernel's types cannot be read, or differ from those that a program needs. */
export class BtfError extends Error {
  override readonly name = 'BtfError';
}

/** Whether this kernel has a member of a structure, see {@link KernelTypes.member}. */
export function hasMember(types: KernelTypes, structure: string, path: string): boolean {
  try {
    types.member(structure, path);
    return true;
  } catch (error) {
    if (error instanceof BtfError) return false;
    throw error;
  }
}
