import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { NLA_HEADER_SIZE, NLA_TYPE_MASK, nlaAlign } from './netlink.ts';

/** Where an attribute's data stands. */
export interface AttributePlace {
  offset: number;
  length: number;
}

/**
 * Finds one attribute in a run of `struct nlattr`, and writes its place into `place`.
 *
 * Unknown attributes are passed over. A run that is cut off or contradicts itself ends the search:
 * what stands behind a damaged header cannot be trusted.
 *
 * @returns false when the attribute is not there
 */
export function findAttribute(
  view: DataView,
  start: number,
  end: number,
  wanted: number,
  place: AttributePlace,
): boolean {
  let at = start;
  while (end - at >= NLA_HEADER_SIZE) {
    const length = view.getUint16(at, HOST_LITTLE_ENDIAN);
    if (length < NLA_HEADER_SIZE || length > end - at) return false;
    if ((view.getUint16(at + 2, HOST_LITTLE_ENDIAN) & NLA_TYPE_MASK) === wanted) {
      place.offset = at + NLA_HEADER_SIZE;
      place.length = length - NLA_HEADER_SIZE;
      return true;
    }
    at += nlaAlign(length);
  }
  return false;
}
