import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { Fix } from '../model/finding/finding.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Writes fixes: where, a sentence, and a snippet to paste, which is not wrapped. */
export function renderFixes(out: ByteWriter, fixes: readonly Fix[], width: number | undefined): void {
  for (const { where, text, snippet } of fixes) {
    out.text(`${wrapWords(`${safeText(where)}: ${safeText(text)}`, width, '  ').join('\n')}\n`);
    if (snippet === undefined) continue;
    for (const line of snippet.split('\n')) out.text(`      ${safeText(line)}\n`);
  }
}
