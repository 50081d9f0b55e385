/**
 * Order of names for `sort`: numbers by their value, `web-9` before `web-10`; letters without regard to case, unless the
 * names are the same otherwise. `Intl.Collator` orders nearly alike, but making one takes longer than a whole `ps` may.
 */
export function byName(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  let [i, j] = [0, 0];
  while (i < x.length && j < y.length) {
    const [m, n] = [endOfDigits(x, i), endOfDigits(y, j)];
    const difference = m > i && n > j ? byValue(x.slice(i, m), y.slice(j, n)) : x.charCodeAt(i) - y.charCodeAt(j);
    if (difference !== 0) return difference;
    [i, j] = m > i && n > j ? [m, n] : [i + 1, j + 1];
  }
  return x.length - i - (y.length - j) || byCode(a, b);
}

/** Where the digits that begin at a place end; the place itself where there are none. */
function endOfDigits(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) break;
  }
  return at;
}

/** Compares digits by their value, however many there are. */
function byValue(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || byCode(x, y);
}

function byCode(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
