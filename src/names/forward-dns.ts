/**
 * Looks up the addresses of host names in DNS, all in parallel.
 *
 * @param deadlineMs for all lookups together
 * @returns textual IPv4 and IPv6 addresses by name; a name that is unknown, or not answered
 *   before the deadline, is left out
 */
export async function forwardLookup(names: Iterable<string>, deadlineMs: number): Promise<Map<string, string[]>> {
  const addresses = new Map<string, string[]>();
  const wanted = [...new Set(names)];
  if (wanted.length === 0) return addresses;
  // Loaded on the first lookup: loading takes milliseconds of start-up time.
  const { Resolver } = process.getBuiltinModule('node:dns/promises');
  const resolver = new Resolver({ timeout: deadlineMs, tries: 1 });
  const ask = async (name: string) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) addresses.set(name, found);
  };
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([Promise.all(wanted.map(ask)), deadline]);
  clearTimeout(timer);
  resolver.cancel();
  return addresses;
}
