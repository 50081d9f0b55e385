/** What other servers answer, as it may be shown: bounded, on one line, without a secret. */
import { connectionErrorText, errnoOf } from '../base/errno.ts';
import { safeText } from '../base/safe-text.ts';

/** Longest wait that another server may ask for, milliseconds. */
const MAX_RETRY_MS = 3_600_000;

/** The beginning of an answer. The rest is not read. @param most bytes */
export async function beginningOf({ body }: Response, most: number): Promise<Buffer> {
  const reader = body?.getReader();
  if (reader === undefined) return Buffer.alloc(0);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < most) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    bytes += value.length;
  }
  await reader.cancel();
  return Buffer.concat(pieces).subarray(0, most);
}

/** What a server says, on one line of at most so many characters: it can repeat what it was sent, secrets too. */
export function saidText(answer: string, secrets: readonly string[], characters: number): string {
  let text = answer.replace(/\s+/g, ' ').trim();
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '…');
  return safeText(text.slice(0, characters));
}

/** `Retry-After`: seconds or a date, RFC 9110, 10.2.3; milliseconds from now, undefined for neither. */
export function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_MS);
}

/** Why `fetch` got no answer, without the address that messages of errors contain. */
export function connectionReason(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const code = errnoOf(cause) ?? errnoOf(error);
  if (code === undefined) return 'no HTTP answer';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name is unknown';
  if (code.startsWith('HPE_') || code === 'UND_ERR_SOCKET') return `no HTTP answer (${code})`;
  if (/CERT|TLS|SSL|SIGNATURE/.test(code)) return `its certificate is not trusted (${code})`;
  return connectionErrorText(code);
}
