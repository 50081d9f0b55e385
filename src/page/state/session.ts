const KEY = 'socklens-token';

/**
 * Takes the token of the link. It comes in the fragment of the address, which no browser sends, logs or refers, is kept
 * for this tab and this origin, and leaves the address at once.
 *
 * @returns whether there was one
 */
export function takeNewToken(): boolean {
  const found = /^#(.*?)[?&#]?token=([^&]+)$/.exec(location.hash);
  if (found === null) return false;
  sessionStorage.setItem(KEY, found[2] ?? '');
  history.replaceState(null, '', `#${found[1] === '' ? '/' : found[1]}`);
  return true;
}

/** The token of this tab; undefined where it never had one. */
export function token(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

/** Headers of a request to the own server. */
export function authorization(): Record<string, string> {
  const value = token();
  return value === undefined ? {} : { authorization: `Bearer ${value}` };
}
