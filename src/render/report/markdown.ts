import { safeText } from '../../base/safe-text.ts';

/** Text without markup or links: every character that could start one is written as a numeric reference. */
export function literal(text: string): string {
  return safeText(text)
    .replace(/[^\p{L}\p{N}\p{Zs}.,:;/▁▂▃▄▅▆▇█-]/gu, (sign) => `&#${sign.codePointAt(0)};`)
    .replace(/:\/\//g, ':&#47;&#47;')
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}&#46;`);
}

/** Text as code, in one line. */
export function code(text: string): string {
  return `<code>${literal(text)}</code>`;
}

/** Lines as code. */
export function codeLines(lines: readonly string[]): string {
  return `<pre>${lines.map(literal).join('<br>')}</pre>`;
}
