/**
 * Compiles a shell pattern: `*` matches any characters, slashes included, `?` one character, `[a-z]` one of the set,
 * `[!a]` one outside the set; fnmatch(3) without flags.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] ?? '';
    const end = character === '[' ? closingBracket(glob, at) : -1;
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (end > 0) {
      const inside = glob
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replace(/[\\[\]]/g, '\\$&');
      source += `[${inside}]`;
      at = end;
    } else source += character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  const pattern = new RegExp(`^${source}$`, 'su');
  return (text) => pattern.test(text);
}

/** Index of the bracket that closes a set, -1 for none. A closing bracket that is first in the set is a member of it. */
function closingBracket(glob: string, open: number): number {
  const from = glob[open + 1] === '!' ? open + 3 : open + 2;
  return glob.indexOf(']', from);
}
