import { formatIpv4, isMapped, parseIpv4, parseIpv6 } from '../model/socket/address.ts';

/** Lookups under way at one time: a resolver queues more than that. */
const AT_ONCE = 128;

/**
 * Looks up the names of many addresses in reverse DNS, in parallel. An address that is not answered
 * before the deadline has no name.
 *
 * @param addresses textual; IPv4-mapped ones are looked up as IPv4
 * @param deadlineMs for all lookups together
 */
export async function reverseLookup(addresses: Iterable<string>, deadlineMs: number): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const waiting = [...addresses];
  if (waiting.length === 0) return names;
  // Loaded on the first lookup: loading takes milliseconds of start-up time.
  const { Resolver } = process.getBuiltinModule('node:dns/promises');
  const resolver = new Resolver({ timeout: deadlineMs, tries: 1 });
  let expired = false;
  const ask = async () => {
    for (let address = waiting.pop(); address !== undefined && !expired; address = waiting.pop()) {
      const question = reverseName(address);
      if (question === undefined) continue;
      try {
        const [name] = await resolver.resolvePtr(question);
        if (name !== undefined && !expired) names.set(address, name);
      } catch {
        // No such name, no server or no answer: the address is shown as it is.
      }
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  const all = Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, ask));
  await Promise.race([all, deadline]);
  expired = true;
  clearTimeout(timer);
  resolver.cancel();
  return names;
}

/**
 * The name to look up: `1.0.0.127.in-addr.arpa`, RFC 1035 section 3.5, RFC 3596 section 2.5; undefined for text that is
 * not an address.
 */
export function reverseName(address: string): string | undefined {
  const word = parseIpv4(address);
  if (word !== undefined) return reverseIpv4(word);
  const words = parseIpv6(address);
  if (words === undefined) return undefined;
  const [w0, w1, w2, w3] = words;
  if (isMapped(w0, w1, w2)) return reverseIpv4(w3);
  const digits = words.map((part) => part.toString(16).padStart(8, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}

function reverseIpv4(word: number): string {
  return `${formatIpv4(word).split('.').reverse().join('.')}.in-addr.arpa`;
}

/**
 * Whether host names are looked up in DNS, by the text of `/etc/nsswitch.conf`, nsswitch.conf(5). They
 * are where the file has no `hosts` line.
 */
export function usesDns(nsswitch: string): boolean {
  const line = /^[ \t]*hosts:(.*)$/m.exec(nsswitch);
  return line?.[1] === undefined || /\b(?:dns|resolve)\b/.test(line[1]);
}
