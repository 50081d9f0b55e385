import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { NLA_HEADER_SIZE, nlaAlign } from './netlink.ts';

/** An attribute to be written. */
export interface Attribute {
  type: number;
  value: Uint8Array;
}

/** The part of the text encoder that is used; pure modules are compiled without the platform's types. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** A sequence of `struct nlattr` with their values, each padded to four bytes. */
export function writeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const size = attributes.reduce((sum, { value }) => sum + NLA_HEADER_SIZE + nlaAlign(value.length), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { type, value } of attributes) {
    view.setUint16(at, NLA_HEADER_SIZE + value.length, HOST_LITTLE_ENDIAN);
    view.setUint16(at + 2, type, HOST_LITTLE_ENDIAN);
    bytes.set(value, at + NLA_HEADER_SIZE);
    at += NLA_HEADER_SIZE + nlaAlign(value.length);
  }
  return bytes;
}

/** An attribute whose value is a sequence of attributes. The kernel does not ask for NLA_F_NESTED here. */
export function nested(type: number, attributes: readonly Attribute[]): Attribute {
  return { type, value: writeAttributes(attributes) };
}

/** An attribute with a NUL-terminated string. */
export function textAttribute(type: number, text: string): Attribute {
  const bytes = new TextEncoder().encode(text);
  const value = new Uint8Array(bytes.length + 1);
  value.set(bytes);
  return { type, value };
}

/** An attribute with a number of 32 bits in the host's byte order. */
export function integerAttribute(type: number, number: number): Attribute {
  const value = new Uint8Array(4);
  new DataView(value.buffer).setUint32(0, number, HOST_LITTLE_ENDIAN);
  return { type, value };
}
