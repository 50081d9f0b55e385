/**
 * Names by textual address from the text of `/etc/hosts`, hosts(5): the first name of the first line
 * with the address, as gethostbyaddr(3) answers.
 */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && name && !names.has(address)) names.set(address, name);
  }
  return names;
}
