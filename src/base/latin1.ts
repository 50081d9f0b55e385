/** Characters that are made at once: arguments of one call. */
const CHUNK = 8192;

/** Bytes as text, each as the character of its number: for byte layouts whose texts are ASCII. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = '';
  for (let at = from; at < to; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(to, at + CHUNK)));
  }
  return text;
}
