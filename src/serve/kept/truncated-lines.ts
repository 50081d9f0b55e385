import { isExternal, truncated, withTruncated } from './external-addresses.ts';

/** Keys of a line of a recording whose texts are addresses, alone or in columns. */
const ADDRESSES: ReadonlySet<string> = new Set(['local', 'peer', 'address', 'addresses', 'gateways']);

type Fields = Readonly<Record<string, unknown>>;

/**
 * A line of a recording in which external addresses are only the first address of their network, `203.0.113.0`: what
 * reads recordings needs addresses. The names of external addresses tell as much as they do, and are left out.
 */
export function truncatedLine<Line extends object>(line: Line): Line {
  return changed(line as Fields) as Line;
}

function changed(fields: Fields): Record<string, unknown> {
  const made = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, changedValue(key, value)]));
  for (const side of ['local', 'peer']) {
    const names = namesOf(fields[side], fields[`${side}Name`]);
    if (names === undefined) delete made[`${side}Name`];
    else made[`${side}Name`] = names;
  }
  return made;
}

function changedValue(key: string, value: unknown): unknown {
  if (key === 'hosts' && isFields(value))
    return Object.fromEntries(Object.entries(value).filter(([address]) => !isExternal(address)));
  if (typeof value === 'string') {
    if (ADDRESSES.has(key)) return networkOf(value);
    return key === 'notes' ? withTruncated(value) : value;
  }
  if (Array.isArray(value)) return isChanged(key, value) ? value.map((one) => changedValue(key, one)) : value;
  return isFields(value) ? changed(value) : value;
}

/** Whether a list may have an address in it: columns of numbers are long. */
function isChanged(key: string, list: readonly unknown[]): boolean {
  return ADDRESSES.has(key) || key === 'notes' || list.some((one) => typeof one === 'object' && one !== null);
}

/** The column of the names of a column of addresses, without those of external ones; undefined where none is left. */
function namesOf(addresses: unknown, names: unknown): unknown {
  if (!Array.isArray(addresses) || !Array.isArray(names)) return names;
  const at = (column: readonly unknown[], row: number) => (column.length === 1 ? column[0] : column[row]);
  const rows = Array.from({ length: Math.max(addresses.length, names.length) }, (_, row) =>
    isExternal(String(at(addresses, row))) ? null : (at(names, row) ?? null),
  );
  if (rows.every((name) => name === null)) return undefined;
  // A column of one value stands for every row.
  return rows.length === 1 || rows.some((name) => name !== rows[0]) ? rows : [rows[0]];
}

/** The first address of the network of an external address, in the form of the address; any other text unchanged. */
function networkOf(address: string): string {
  if (!isExternal(address)) return address;
  const network = truncated(address).replace(/\/\d+$/, '');
  return /^::ffff:/i.test(address) && network.includes('.') ? `::ffff:${network}` : network;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
