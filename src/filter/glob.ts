/**
 * Whether a text matches a shell pattern: `*` any characters, slashes among them, `?` one, `[a-z]`
 * one of these, `[!a]` none of these; fnmatch(3) without flags.
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

/** A bracket that stands first in its set is one of its members. */
function closingBracket(glob: string, open: number): number {
  const from = glob[open + 1] === '!' ? open + 3 : open + 2;
  return glob.indexOf(']', from);
}
