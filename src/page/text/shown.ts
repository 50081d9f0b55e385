import { safeText } from '../../base/safe-text.ts';

/**
 * Text that a container chose, as it can be shown: markup is no danger in a text node, but characters that change the
 * direction of text or are invisible would make one name look like another.
 */
export const shown = safeText;

/** A text that begins with a capital letter. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
