/**
 * Values by name, each of which is read when it is first asked for. Nothing is made for a name before that: a thousand
 * namespaces have a dozen settings each.
 *
 * @param read undefined for a value that is absent
 */
export function onDemand(
  names: readonly string[],
  read: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const values = new Map<string | symbol, string | undefined>();
  const get = (name: string | symbol) => {
    if (typeof name !== 'string' || !names.includes(name)) return undefined;
    if (!values.has(name)) values.set(name, read(name));
    return values.get(name);
  };
  return new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => get(name),
      has: (_, name) => names.includes(String(name)),
      ownKeys: () => [...names],
      getOwnPropertyDescriptor: (_, name) =>
        names.includes(String(name)) ? { configurable: true, enumerable: true, value: get(name) } : undefined,
    },
  );
}
