import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences } from '../../../src/recording/cells.ts';
import { fromColumns } from '../../../src/recording/columns.ts';
import { InternedAddresses } from '../../../src/recording/interned-addresses.ts';
import { KeptTable } from '../../../src/recording/kept-table.ts';
import { T0 } from '../../support/random-records.ts';

const addresses = new InternedAddresses();
const keys = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }).map((all) => all.sort((a, b) => a - b));
/** What is gone, and what is new or changed, look by look. */
const changes = fc.array(fc.record({ gone: keys, now: keys }), { maxLength: 20 });

function columnsOf(cookies: readonly number[], ports: readonly number[]) {
  return fromColumns({ key: differences(cookies), state: [1], localPort: [...ports] }, T0, addresses.of);
}

describe('KeptTable', () => {
  it('keeps what a map keeps, in its order, and each look as it was', () => {
    fc.assert(
      fc.property(changes, (series) => {
        const table = new KeptTable();
        const map = new Map<number, number>();
        const looks = series.map(({ gone, now }, index) => {
          const ports = now.map((key) => 1000 * (index + 1) + key);
          table.remove(gone);
          for (const key of gone) map.delete(key);
          const { keys: read, sockets } = columnsOf(now, ports);
          table.put(read, sockets);
          for (const [at, key] of now.entries()) map.set(key, ports[at] ?? 0);
          return { sockets: table.sockets(T0), kept: [...map] };
        });
        for (const { sockets, kept } of looks) {
          const told: number[][] = [];
          sockets.each(({ cookieLow, localPort }) => {
            told.push([cookieLow, localPort]);
          });
          expect(told).toEqual(kept);
        }
      }),
    );
  });

  it('of many that came together the few that stay keep their values', () => {
    const table = new KeptTable();
    const all = Array.from({ length: 1000 }, (_, index) => index + 1);
    const { keys: read, sockets } = columnsOf(all, all);
    table.put(read, sockets);
    table.remove(all.filter((key) => key % 100 !== 0));
    const left: number[] = [];
    table.sockets(T0).each(({ cookieLow, localPort, state }) => left.push(cookieLow, localPort, state));
    expect(left).toEqual(all.filter((key) => key % 100 === 0).flatMap((key) => [key, key, 1]));
  });
});
