/**
 * Protobuf messages as tables of field numbers: what is read of a message is listed, all else is skipped.
 * https://protobuf.dev/programming-guides/encoding
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Bytes that are not the message that a table describes. The text is a clause with the reason. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** A field of a message: its number, its type on the wire, and how its values are read and written. */
export interface Field<T> {
  readonly number: number;
  readonly wire: WireType;
  /** The value of a message without the field. */
  readonly absent: () => T;
  /** Reads one occurrence. @param before the value of earlier occurrences; the last one holds unless a field adds to it */
  readonly read: (reader: BinaryReader, before: T) => T;
  /** Writes every occurrence, with tags. */
  readonly write: (writer: BinaryWriter, value: T) => void;
}

/** The values of a table of fields. */
export type ValuesOf<F> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A message that is read and written by its table. */
export interface Message<T> {
  /** @throws {ProtobufError} where the bytes are cut off, or a field has another type */
  decode(bytes: Uint8Array): T;
  /** A message with these fields. */
  encode(values: Partial<T>): Uint8Array;
}

/** The table of a message: names chosen here, each with its field. */
// biome-ignore lint/suspicious/noExplicitAny: each field has a type of its own
export function message<F extends Readonly<Record<string, Field<any>>>>(fields: F): Message<ValuesOf<F>> {
  const names = Object.keys(fields) as (keyof F)[];
  const byNumber = new Map(names.map((name) => [fields[name]?.number, name]));
  return {
    decode(bytes) {
      const reader = new BinaryReader(bytes);
      const values = Object.fromEntries(names.map((name) => [name, fields[name]?.absent()])) as ValuesOf<F>;
      try {
        while (reader.pos < reader.len) {
          const [number, wire] = reader.tag();
          const name = byNumber.get(number);
          const field = name === undefined ? undefined : fields[name];
          if (name === undefined || field === undefined) {
            reader.skip(wire, number);
            continue;
          }
          if (wire !== field.wire) throw new ProtobufError(`field ${number} has wire type ${wire}, not ${field.wire}`);
          values[name] = field.read(reader, values[name]);
          if (reader.pos > reader.len) throw new ProtobufError('it is cut off');
        }
      } catch (error) {
        if (error instanceof ProtobufError) throw error;
        // The reader throws an Error or a RangeError, whose text tells what it could not read.
        throw new ProtobufError(`it is cut off or damaged: ${(error as Error).message}`, { cause: error });
      }
      return values;
    },
    encode(values) {
      const writer = new BinaryWriter();
      for (const name of names) {
        const value = values[name];
        if (value !== undefined) fields[name]?.write(writer, value);
      }
      return writer.finish();
    },
  };
}

/** UTF-8 text; empty where absent. Invalid bytes become U+FFFD. */
export function text(number: number): Field<string> {
  return {
    number,
    wire: WireType.LengthDelimited,
    absent: () => '',
    read: (reader) => reader.string(),
    write: (writer, value) => writer.tag(number, WireType.LengthDelimited).string(value),
  };
}

/** Bytes as they are, a view of the message; empty where absent. */
export function bytes(number: number): Field<Uint8Array> {
  return {
    number,
    wire: WireType.LengthDelimited,
    absent: () => new Uint8Array(),
    read: (reader) => reader.bytes(),
    write: (writer, value) => writer.tag(number, WireType.LengthDelimited).bytes(value),
  };
}

/** `int32` or an enumeration; 0 where absent. */
export function int32(number: number): Field<number> {
  return {
    number,
    wire: WireType.Varint,
    absent: () => 0,
    read: (reader) => reader.int32(),
    write: (writer, value) => writer.tag(number, WireType.Varint).int32(value),
  };
}

/** `uint32`; 0 where absent. */
export function uint32(number: number): Field<number> {
  return {
    number,
    wire: WireType.Varint,
    absent: () => 0,
    read: (reader) => reader.uint32(),
    write: (writer, value) => writer.tag(number, WireType.Varint).uint32(value),
  };
}

/** `int64`, such as nanoseconds since 1970, which exceed a number; 0 where absent. */
export function int64(number: number): Field<bigint> {
  return {
    number,
    wire: WireType.Varint,
    absent: () => 0n,
    read: (reader) => BigInt(reader.int64()),
    write: (writer, value) => writer.tag(number, WireType.Varint).int64(value),
  };
}

/** `fixed64`, such as nanoseconds since 1970; 0 where absent. */
export function fixed64(number: number): Field<bigint> {
  return {
    number,
    wire: WireType.Bit64,
    absent: () => 0n,
    read: (reader) => BigInt(reader.fixed64()),
    write: (writer, value) => writer.tag(number, WireType.Bit64).fixed64(value),
  };
}

/** `double`; undefined where absent. */
export function double(number: number): Field<number | undefined> {
  return {
    number,
    wire: WireType.Bit64,
    absent: () => undefined,
    read: (reader) => reader.double(),
    write: (writer, value) => {
      if (value !== undefined) writer.tag(number, WireType.Bit64).double(value);
    },
  };
}

/** `repeated fixed64`, packed: eight bytes each; empty where absent. */
export function packedFixed64(number: number): Field<bigint[]> {
  return packed(
    number,
    (reader) => BigInt(reader.fixed64()),
    (writer, value) => writer.fixed64(value),
  );
}

/** `repeated double`, packed; empty where absent. */
export function packedDouble(number: number): Field<number[]> {
  return packed(
    number,
    (reader) => reader.double(),
    (writer, value) => writer.double(value),
  );
}

function packed<T>(
  number: number,
  read: (reader: BinaryReader) => T,
  write: (writer: BinaryWriter, value: T) => unknown,
): Field<T[]> {
  return {
    number,
    wire: WireType.LengthDelimited,
    absent: () => [],
    read: (reader, before) => {
      const end = reader.uint32() + reader.pos;
      if (end > reader.len) throw new ProtobufError('it is cut off');
      while (reader.pos < end) before.push(read(reader));
      return before;
    },
    write: (writer, values) => {
      if (values.length === 0) return;
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const value of values) write(writer, value);
      writer.join();
    },
  };
}

/** Fields that {@link message} has encoded already, with their tags: what many messages share is encoded once. */
export function encoded(number: number): Field<Uint8Array> {
  return {
    number,
    wire: WireType.LengthDelimited,
    absent: () => new Uint8Array(),
    read: (reader, before) => {
      const inner = reader.bytes();
      const writer = new BinaryWriter().raw(before).tag(number, WireType.LengthDelimited).bytes(inner);
      return writer.finish();
    },
    write: (writer, value) => writer.raw(value),
  };
}

/** `bool`; false where absent. */
export function bool(number: number): Field<boolean> {
  return {
    number,
    wire: WireType.Varint,
    absent: () => false,
    read: (reader) => reader.bool(),
    write: (writer, value) => writer.tag(number, WireType.Varint).bool(value),
  };
}

/** A message within a message; undefined where absent. */
export function nested<T>(number: number, inner: Message<T>): Field<T | undefined> {
  return {
    number,
    wire: WireType.LengthDelimited,
    absent: () => undefined,
    read: (reader) => inner.decode(reader.bytes()),
    write: (writer, value) => {
      if (value !== undefined) writer.tag(number, WireType.LengthDelimited).bytes(inner.encode(value));
    },
  };
}

/** Every occurrence of a repeated field of texts or messages; empty where there is none. */
export function list<T>(item: Field<T>): Field<NonNullable<T>[]> {
  return {
    number: item.number,
    wire: item.wire,
    absent: () => [],
    read: (reader, before) => {
      if (before.length >= MAX_ITEMS) throw new ProtobufError(`field ${item.number} has more than ${MAX_ITEMS} items`);
      const value = item.read(reader, item.absent());
      if (value !== undefined && value !== null) before.push(value);
      return before;
    },
    write: (writer, values) => {
      for (const value of values) item.write(writer, value);
    },
  };
}

/** More than a machine has of anything. A message of a few megabytes could otherwise become gigabytes of objects. */
const MAX_ITEMS = 1 << 18;

/** A map of texts to texts, `map<string, string>`; empty where absent. */
export function textMap(number: number): Field<Readonly<Record<string, string>>> {
  const entries = list(nested(number, message({ key: text(1), value: text(2) })));
  return {
    number,
    wire: WireType.LengthDelimited,
    absent: () => ({}),
    read: (reader, before) => {
      for (const { key, value } of entries.read(reader, [])) {
        // A plain assignment to `__proto__` would change the object instead of adding a key.
        Object.defineProperty(before, key, { value, enumerable: true, configurable: true, writable: true });
      }
      return before;
    },
    write: (writer, values) =>
      entries.write(
        writer,
        Object.entries(values).map(([key, value]) => ({ key, value })),
      ),
  };
}
