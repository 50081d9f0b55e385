import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { NLA_HEADER_SIZE, NLA_TYPE_MASK, nlaAlign } from './netlink.ts';

/** Where an attribute's data is, bytes. */
export interface AttributeSpan {
  offset: number;
  length: number;
}

/**
 * Finds one attribute in a sequence of `struct nlattr` and writes the position of its data into `span`.
 *
 * Unknown attributes are skipped. A truncated or inconsistent header ends the search, because what follows
 * it cannot be located.
 *
 * @returns false when there is no such attribute
 */
export function findAttribute(
  view: DataView,
  start: number,
  end: number,
  wanted: number,
  span: AttributeSpan,
): boolean {
  let at = start;
  while (end - at >= NLA_HEADER_SIZE) {
    const length = view.getUint16(at, HOST_LITTLE_ENDIAN);
    if (length < NLA_HEADER_SIZE || length > end - at) return false;
    if ((view.getUint16(at + 2, HOST_LITTLE_ENDIAN) & NLA_TYPE_MASK) === wanted) {
      span.offset = at + NLA_HEADER_SIZE;
      span.length = length - NLA_HEADER_SIZE;
      return true;
    }
    at += nlaAlign(length);
  }
  return false;
}
