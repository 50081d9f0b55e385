import { canonicalAddress } from '../model/socket/address.ts';

/**
 * Names by textual address from the text of `/etc/hosts`, hosts(5): the first name of the first line
 * with the address, as gethostbyaddr(3) answers. Addresses are in the form of inet_ntop(3); lines
 * whose first word is not an address are skipped.
 */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [word, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = word ? canonicalAddress(word) : undefined;
    if (address && name && !names.has(address)) names.set(address, name);
  }
  return names;
}

/** Addresses by name from the text of `/etc/hosts`, every name and alias of a line; see {@link parseHosts}. */
export function parseHostAddresses(text: string): Map<string, string[]> {
  const addresses = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [word, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = word ? canonicalAddress(word) : undefined;
    if (address === undefined) continue;
    for (const name of names) {
      const known = addresses.get(name);
      if (known === undefined) addresses.set(name, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return addresses;
}
