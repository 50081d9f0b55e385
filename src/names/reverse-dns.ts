import { formatIpv4, isMapped, parseIpv4, parseIpv6 } from '../model/address.ts';

/** Questions that are on their way at one time: enough for two seconds, few enough for a resolver. */
const AT_ONCE = 128;

/**
 * Asks reverse DNS for the names of many addresses, all of it together within a time. What has not
 * answered by then has no name.
 *
 * @param addresses textual; IPv4-mapped ones are asked for as IPv4
 * @param deadlineMs for all questions together
 */
export async function reverseLookup(addresses: Iterable<string>, deadlineMs: number): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const waiting = [...addresses];
  if (waiting.length === 0) return names;
  // Loaded only when a name has to be asked for: it costs milliseconds at the start.
  const { Resolver } = process.getBuiltinModule('node:dns/promises');
  const resolver = new Resolver({ timeout: deadlineMs, tries: 1 });
  let over = false;
  const ask = async () => {
    for (let address = waiting.pop(); address !== undefined && !over; address = waiting.pop()) {
      const question = reverseName(address);
      if (question === undefined) continue;
      try {
        const [name] = await resolver.resolvePtr(question);
        if (name !== undefined && !over) names.set(address, name);
      } catch {
        // No such name, no server, no answer: the number is shown.
      }
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  const all = Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, ask));
  await Promise.race([all, deadline]);
  over = true;
  clearTimeout(timer);
  resolver.cancel();
  return names;
}

/** The name to ask for: `1.0.0.127.in-addr.arpa`, RFC 1035 section 3.5, RFC 3596 section 2.5. */
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
 * Whether host names are looked up in DNS at all, by the text of `/etc/nsswitch.conf`,
 * nsswitch.conf(5); without such a line they are.
 */
export function usesDns(nsswitch: string): boolean {
  const line = /^[ \t]*hosts:(.*)$/m.exec(nsswitch);
  return line?.[1] === undefined || /\b(?:dns|resolve)\b/.test(line[1]);
}
