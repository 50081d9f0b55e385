import type { StoredSnapshot } from '../model/sample/recorded.ts';
import type { StoredSockets } from '../model/socket/stored-sockets.ts';
import type { AddressTexts } from './address-texts.ts';
import { sums } from './cells.ts';
import { fromColumns } from './columns.ts';
import { PROTOS, SOURCES } from './enumerations.ts';
import type { SnapshotChange } from './lines.ts';
import { SocketTable } from './socket-table.ts';

/** Rebuilds snapshots from the changes that `SocketChangesWriter` made. */
export class SocketChangesReader {
  readonly #addresses: AddressTexts;
  readonly #sockets = new SocketTable();

  constructor(addresses: AddressTexts) {
    this.#addresses = addresses;
  }

  /** The snapshot after a change. */
  snapshot({
    at,
    source,
    sources,
    coverage,
    without,
    owners,
    now,
    gone,
  }: SnapshotChange): StoredSnapshot<StoredSockets> {
    if (gone !== undefined) this.#sockets.remove(sums(gone));
    if (now !== undefined) {
      const { keys, sockets } = fromColumns(now, at, this.#addresses);
      this.#sockets.put(keys, sockets);
    }
    return {
      takenAtMs: at,
      source: SOURCES.find((known) => known === source) ?? SOURCES[0],
      coverage: coverage ?? { complete: true, notes: [] },
      withoutStates: without ?? 0,
      ...(typeof owners === 'number' && { ownersAtMs: at - owners }),
      ...(sources !== undefined && { sources: knownSources(sources) }),
      sockets: this.#sockets.sockets(at),
    };
  }
}

/** Without protocols and sources that this version does not know: of a later version's file, or a damaged one. */
function knownSources(sources: NonNullable<SnapshotChange['sources']>): NonNullable<SnapshotChange['sources']> {
  return Object.fromEntries(
    PROTOS.flatMap((proto) => {
      const source = SOURCES.find((known) => known === sources[proto]);
      return source === undefined ? [] : [[proto, source]];
    }),
  );
}
