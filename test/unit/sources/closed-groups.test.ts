import { expect, test } from 'vitest';
import type { ConnectionEvent } from '../../../src/model/socket/connection-event.ts';
import { ClosedGroups } from '../../../src/sources/series/closed-groups.ts';
import { destroyEvent } from '../../support/destroy-event.ts';

test('a connection whose sent bytes are unknown counts, but not as refused after a greeting', () => {
  // The structure ends before tcpi_bytes_sent, as in kernels before 4.19.
  const socket = destroyEvent({ peerPort: 3306, minRttUs: 25, bytesReceived: 80 });
  expect(socket.tcpInfoNumber('bytesSent')).toBeUndefined();
  const groups = new ClosedGroups();
  const closed: Partial<ConnectionEvent> = { socket, outcome: 'closed', processes: [], atMs: 1500, role: 'client' };
  groups.add(closed as ConnectionEvent, 1000);
  const [group] = groups.take();
  expect(group).toMatchObject({ count: 1, shortLived: 1, greetedOnly: 0, silent: 0, bytesSent: 0, bytesReceived: 80 });
});
