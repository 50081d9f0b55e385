/**
 * Type of a field: an integer in the host's byte order, a port in network byte order (`be16`), or so many bytes of
 * text or address. `u64` is decoded as a number, exact up to 2^53.
 */
export type FieldType = 'u8' | 'u16' | 'be16' | 'u32' | 'u64' | { bytes: number };

/** The fields of a record by name, in their order in memory. */
export type Fields = Readonly<Record<string, FieldType>>;

/** Where a field is in its record. */
export interface FieldPlace {
  type: FieldType;
  /** Bytes from the beginning of the record. */
  offset: number;
  /** Bytes of the field. */
  size: number;
}

/**
 * The memory of the records that a program writes: one table, from which the program takes the offsets of its stores
 * and {@link ./record-table.ts | RecordTable} those of its columns.
 */
export class RecordLayout<F extends Fields> {
  /** Bytes of a record, a multiple of eight. */
  readonly size: number;
  readonly #places: ReadonlyMap<string, FieldPlace>;

  /**
   * There are no gaps between fields, which a program would leave unwritten, so that the verifier refuses it.
   *
   * @throws for an integer that is not aligned to its own size, and for a size that is not a multiple of eight
   */
  constructor(fields: F) {
    const places = new Map<string, FieldPlace>();
    let offset = 0;
    for (const [name, type] of Object.entries(fields)) {
      const size = sizeOf(type);
      if (typeof type === 'string' && offset % size !== 0) throw new Error(`field ${name} is not aligned`);
      places.set(name, { type, offset, size });
      offset += size;
    }
    if (offset % 8 !== 0) throw new Error(`a record of ${offset} bytes: add a field up to a multiple of eight`);
    this.size = offset;
    this.#places = places;
  }

  place(name: keyof F & string): FieldPlace {
    const place = this.#places.get(name);
    if (place === undefined) throw new Error(`the record has no field ${name}`);
    return place;
  }
}

function sizeOf(type: FieldType): number {
  if (typeof type === 'object') return type.bytes;
  return { u8: 1, u16: 2, be16: 2, u32: 4, u64: 8 }[type];
}
