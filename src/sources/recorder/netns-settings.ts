import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { RecordedDetails } from '../../model/sample/recorded.ts';
import type { SampleSource } from '../sample-source.ts';

/** Of namespaces that were read before, so many are read again each time, by turns: a thousand would take seconds. */
const READ_AGAIN = 10;

/** What of a namespace's settings is recorded, by its inode number. */
type Settings = Required<Pick<RecordedDetails, 'sysctls' | 'devices'>>;

interface Known {
  netns: number;
  sysctls: Readonly<Record<string, string>>;
  devices: Readonly<Record<string, string>>;
}

/** Settings of namespaces, over times when some come and go: those that stay are not all read again. */
export class NetnsSettings {
  readonly #keyOf: (namespace: WatchedNetns) => string;
  /** By the key of a namespace, the one that was read longest ago first. */
  #known = new Map<string, Known>();

  /** @param keyOf differs of two namespaces with the same inode number */
  constructor(keyOf: (namespace: WatchedNetns) => string) {
    this.#keyOf = keyOf;
  }

  /** Those of all namespaces that were read last. */
  get all(): Settings {
    return settingsOf(this.#known.values());
  }

  /** Reads those of new namespaces, and again of some. @param namespaces all that are there @returns what was read */
  read(namespaces: readonly WatchedNetns[], source: Pick<SampleSource, 'sysctls' | 'devices'>): Settings {
    const byKey = new Map(namespaces.map((namespace) => [this.#keyOf(namespace), namespace]));
    for (const key of this.#known.keys()) if (!byKey.has(key)) this.#known.delete(key);
    const again = [...this.#known.keys()].slice(0, READ_AGAIN);
    const due = [...again, ...[...byKey.keys()].filter((key) => !this.#known.has(key))];
    const read = due.map((key) => {
      const namespace = byKey.get(key) as WatchedNetns;
      const { netns } = namespace;
      // Each value is read when it is asked for.
      const sysctls = { ...source.sysctls(namespace) };
      const known = { netns, sysctls, devices: Object.fromEntries(source.devices(namespace)) };
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    });
    return settingsOf(read);
  }
}

function settingsOf(known: Iterable<Known>): Settings {
  const all = [...known];
  return {
    sysctls: Object.fromEntries(all.map(({ netns, sysctls }) => [netns, sysctls])),
    devices: Object.fromEntries(all.map(({ netns, devices }) => [netns, devices])),
  };
}
