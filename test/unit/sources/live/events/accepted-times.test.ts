import { describe, expect, it } from 'vitest';
import { ACCEPTED_RECORD } from '../../../../../src/bpf/programs/accepted-connections.ts';
import { RecordTable } from '../../../../../src/bpf/record-table.ts';
import { AcceptedTimes } from '../../../../../src/sources/live/events/accepted-times.ts';

/** A record as the program writes it on this little-endian machine. */
function record(timeNs: number, socket: number, pid = 7): Uint8Array {
  const bytes = Buffer.alloc(ACCEPTED_RECORD.size);
  bytes.writeBigUInt64LE(BigInt(timeNs), ACCEPTED_RECORD.place('timeNs').offset);
  bytes.writeUInt32LE(socket, ACCEPTED_RECORD.place('socket').offset);
  bytes.writeUInt32LE(pid, ACCEPTED_RECORD.place('pid').offset);
  bytes.write('web', ACCEPTED_RECORD.place('name').offset, 'latin1');
  return bytes;
}

function timesOf(...batches: readonly Uint8Array[][]): AcceptedTimes {
  const left = [...batches];
  const nothing = () => {};
  return new AcceptedTimes({
    watch: nothing,
    unwatch: nothing,
    close: nothing,
    drain: () => new RecordTable(ACCEPTED_RECORD, Buffer.concat(left.shift() ?? [])),
  });
}

describe('AcceptedTimes', () => {
  it('says once when a connection was accepted, and by whom', () => {
    const times = timesOf([record(500, 1), record(600, 2, 8)]);
    times.read();
    expect([...times.sockets()].sort()).toEqual([1, 2]);
    expect(times.take(1, 100)).toEqual({ atNs: 500, pid: 7, name: 'web' });
    expect(times.take(1, 100)).toBeUndefined();
    expect(times.take(2, 100)).toMatchObject({ atNs: 600, pid: 8 });
  });

  it('keeps what was accepted before its establishment was read, for one batch', () => {
    const times = timesOf([record(500, 1), record(500, 2)], [], []);
    times.read();
    times.read();
    expect(times.take(1, 100)).toMatchObject({ atNs: 500 });
    times.read();
    expect(times.take(2, 100)).toBeUndefined();
  });

  it('does not mistake an older socket with the same address', () => {
    const times = timesOf([record(500, 1)], [record(900, 1)]);
    times.read();
    expect(times.take(1, 700)).toBeUndefined();
    times.read();
    expect(times.take(1, 700)).toMatchObject({ atNs: 900 });
  });
});
