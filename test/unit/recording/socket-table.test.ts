import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTexts } from '../../../src/recording/address-texts.ts';
import { differences } from '../../../src/recording/cells.ts';
import { fromColumns } from '../../../src/recording/columns.ts';
import { SocketTable } from '../../../src/recording/socket-table.ts';
import { T0 } from '../../support/random-records.ts';

const addresses = new AddressTexts();
const keys = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }).map((all) => all.sort((a, b) => a - b));
/** The keys that are removed, and those that are new or changed, snapshot by snapshot. */
const changes = fc.array(fc.record({ gone: keys, now: keys }), { maxLength: 20 });

function columnsOf(cookies: readonly number[], ports: readonly number[]) {
  return fromColumns({ key: differences(cookies), state: [1], localPort: [...ports] }, T0, addresses);
}

describe('SocketTable', () => {
  it('has the sockets that a map would, in its order, and earlier snapshots stay as they were', () => {
    fc.assert(
      fc.property(changes, (series) => {
        const table = new SocketTable();
        const map = new Map<number, number>();
        const snapshots = series.map(({ gone, now }, index) => {
          const ports = now.map((key) => 1000 * (index + 1) + key);
          table.remove(gone);
          for (const key of gone) map.delete(key);
          const { keys: read, sockets } = columnsOf(now, ports);
          table.put(read, sockets);
          for (const [at, key] of now.entries()) map.set(key, ports[at] ?? 0);
          return { sockets: table.sockets(T0), expected: [...map] };
        });
        for (const { sockets, expected } of snapshots) {
          const seen: number[][] = [];
          sockets.each(({ cookieLow, localPort }) => {
            seen.push([cookieLow, localPort]);
          });
          expect(seen).toEqual(expected);
        }
      }),
    );
  });

  it('few sockets that stay of many that came together have their values', () => {
    const table = new SocketTable();
    const all = Array.from({ length: 1000 }, (_, index) => index + 1);
    const { keys: read, sockets } = columnsOf(all, all);
    table.put(read, sockets);
    table.remove(all.filter((key) => key % 100 !== 0));
    const left: number[] = [];
    table.sockets(T0).each(({ cookieLow, localPort, state }) => left.push(cookieLow, localPort, state));
    expect(left).toEqual(all.filter((key) => key % 100 === 0).flatMap((key) => [key, key, 1]));
  });
});
