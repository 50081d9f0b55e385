import type { StoredSnapshot } from '../model/sample/recorded.ts';
import type { Address } from '../model/socket/interned-address.ts';
import type { StoredSockets } from '../model/socket/stored-sockets.ts';
import { sums } from './cells.ts';
import { fromColumns } from './columns.ts';
import { PROTOS, SOURCES } from './enumerations.ts';
import { KeptTable } from './kept-table.ts';
import type { SnapshotChange } from './lines.ts';

/** Puts looks together again from their changes, which `SocketChangesWriter` made. */
export class SocketChangesReader {
  readonly #addressOf: (text: string) => Address;
  readonly #known = new KeptTable();

  /** @param addressOf makes an address of its text */
  constructor(addressOf: (text: string) => Address) {
    this.#addressOf = addressOf;
  }

  look({ at, source, sources, coverage, without, now, gone }: SnapshotChange): StoredSnapshot<StoredSockets> {
    if (gone !== undefined) this.#known.remove(sums(gone));
    if (now !== undefined) {
      const { keys, sockets } = fromColumns(now, at, this.#addressOf);
      this.#known.put(keys, sockets);
    }
    return {
      takenAtMs: at,
      source: SOURCES.find((known) => known === source) ?? SOURCES[0],
      coverage: coverage ?? { complete: true, notes: [] },
      withoutStates: without ?? 0,
      ...(sources !== undefined && { sources: knownSources(sources) }),
      sockets: this.#known.sockets(at),
    };
  }
}

/** What a later version, or a damaged file, may call otherwise is left out. */
function knownSources(sources: NonNullable<SnapshotChange['sources']>): NonNullable<SnapshotChange['sources']> {
  return Object.fromEntries(
    PROTOS.flatMap((proto) => {
      const source = SOURCES.find((known) => known === sources[proto]);
      return source === undefined ? [] : [[proto, source]];
    }),
  );
}
