/** Whether a TARGET is a glob over container names. */
export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether a name matches a glob: `*` is any text, `?` one character. */
export function matchesPattern(name: string, pattern: string): boolean {
  const parts = pattern.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su').test(name);
}

/** Whether a name of a container matches a glob. @param wanted its runtime; undefined for any */
export function isLike(
  { name, runtimeName = name, runtime }: { name: string; runtimeName?: string; runtime: string },
  pattern: string,
  wanted: string | undefined,
): boolean {
  if (wanted !== undefined && runtime !== wanted) return false;
  return matchesPattern(name, pattern) || matchesPattern(runtimeName, pattern);
}
