import { expect, test } from 'vitest';
import type { EdgeTick } from '../../../src/history/history.ts';
import type { WatchedNetns } from '../../../src/model/netns/netns.ts';
import type { ConnectionEvent } from '../../../src/model/socket/connection-event.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { RowBuilder } from '../../../src/serve/collector/row-builder.ts';
import { EdgeTracker } from '../../../src/serve/edges/edge-tracker.ts';
import { socketSnapshotOf } from '../../../src/sources/recorded/recorded-socket-snapshot.ts';
import type { NetnsTick, Tick } from '../../../src/sources/sample-source.ts';
import { type PlainSocket, storedSocket, storedSockets } from '../../support/plain-socket.ts';
import { container, listener, START_MS, tcpSocket } from '../../support/series.ts';

/** Containers by their addresses as the runtimes tell them at present. */
class Machine {
  readonly #builder = new RowBuilder();
  readonly tracker = new EdgeTracker((name) => this.#builder.lanesOf(name));
  readonly runtimeNames = new Map<string, string>();
  #second = -10;

  /** A round of ten seconds. @param sockets of each container, by its name */
  round(containers: Readonly<Record<string, { netns: number; address: string; sockets: PlainSocket[] }>>): EdgeTick {
    this.#second += 10;
    const atMs = START_MS + this.#second * 1000;
    const namespaces = Object.entries(containers).map(
      ([name, { netns, address, sockets }]): NetnsTick => ({
        namespace: namespaceOf(name, netns, address),
        lost: 0,
        snapshotAtMs: atMs,
        snapshot: socketSnapshotOf({
          takenAtMs: atMs,
          source: 'sock_diag',
          coverage: { complete: true, notes: [] },
          withoutStates: 0,
          sockets: storedSockets(sockets, atMs),
        }),
      }),
    );
    const host = (address: string) =>
      this.runtimeNames.get(address) ?? Object.entries(containers).find(([, one]) => one.address === address)?.[0];
    const names = { host, service: () => undefined, user: () => undefined };
    const tick: Tick = { atMs, names, namespaces, containers: [], notes: [] };
    const edges = this.tracker.tick(tick, this.#builder.take(tick));
    if (edges === undefined) throw new Error('no edges');
    return edges;
  }

  /** The time of the next round. */
  get nextMs(): number {
    return START_MS + (this.#second + 10) * 1000;
  }
}

function namespaceOf(name: string, netns: number, address: string): WatchedNetns {
  const addresses = address === '' ? [] : [{ network: 'bridge', address }];
  const one = container({ name, id: name.padEnd(64, '0'), addresses });
  return { netns, name, targets: [name], host: false, containers: [one] };
}

/** Both ends of connections. */
function connections(from: string, to: string, count: number, parts: { firstSeenMs?: number; port?: number } = {}) {
  const { port = 40_000, ...more } = parts;
  const ends = Array.from({ length: count }, (_none, at) => [`${from}:${port + at}`, to] as const);
  return {
    client: ends.map(([local, peer]) => tcpSocket({ local, peer, ...more })),
    server: ends.map(([peer, local]) => tcpSocket({ local, peer, ...more })),
  };
}

/** Edges as text: `web db:3306 closeWait=1 connections=4`. */
function texts({ edges }: EdgeTick): string[] {
  return edges
    .map(({ client, server, port, values }) =>
      [`${client} ${server}:${port}`, ...[...values].map(([name, value]) => `${name}=${value}`).sort()].join(' '),
    )
    .sort();
}

test('a connection between two containers is one edge, with the numbers of the end that has more', () => {
  const machine = new Machine();
  const pool = connections('10.0.0.2', '10.0.0.3:3306', 4);
  const leaked = connections('10.0.0.2', '10.0.0.3:3306', 3, { port: 50_000 });
  const edges = machine.round({
    web: { netns: 1, address: '10.0.0.2', sockets: pool.client },
    db: {
      netns: 2,
      address: '10.0.0.3',
      // The client closed these: its end is gone.
      sockets: [
        listener(3306),
        ...pool.server,
        ...leaked.server.map((socket) => ({ ...socket, state: TCP_STATE.CLOSE_WAIT })),
      ],
    },
  });
  expect(texts(edges)).toEqual(['web db:3306 closeWait=3 connections=7']);
});

test('an address that another container has now does not draw its edge', () => {
  const machine = new Machine();
  const old = connections('10.0.0.2', '10.0.0.3:3306', 5);
  machine.round({
    web: { netns: 1, address: '10.0.0.2', sockets: old.client },
    db: { netns: 2, address: '10.0.0.3', sockets: [listener(3306), ...old.server] },
  });
  // The database is gone, the connections stand; a cache has the address, and another port.
  const standing = old.client.map((socket) => ({ ...socket, state: TCP_STATE.CLOSE_WAIT }));
  const cache = { netns: 3, address: '10.0.0.3', sockets: [listener(6379)] };
  const web = { netns: 1, address: '10.0.0.2', sockets: standing };
  expect(texts(machine.round({ web, cache }))).toEqual(['web db:3306 closeWait=5 connections=5']);
  // Even one that listens on the same port, and has connections of its own from the same client.
  const fresh = connections('10.0.0.2', '10.0.0.3:3306', 2, { firstSeenMs: machine.nextMs, port: 50_000 });
  const other = { netns: 4, address: '10.0.0.3', sockets: [listener(3306), ...fresh.server] };
  const both = { netns: 1, address: '10.0.0.2', sockets: [...standing, ...fresh.client] };
  expect(texts(machine.round({ web: both, other }))).toEqual([
    'web db:3306 closeWait=5 connections=5',
    'web other:3306 connections=2',
  ]);
  // The old ones closed.
  expect(texts(machine.round({ web: { ...both, sockets: fresh.client }, other }))).toEqual([
    'web other:3306 connections=2',
  ]);
});

test('what a runtime says of an address does not count against its sockets', () => {
  const machine = new Machine();
  // From before `serve` started: nobody here serves it.
  const web = {
    netns: 1,
    address: '10.0.0.2',
    sockets: connections('10.0.0.2', '10.0.0.3:3306', 5).client,
  };
  const cache = { netns: 3, address: '10.0.0.3', sockets: [listener(6379)] };
  expect(texts(machine.round({ web, cache }))).toEqual(['web 10.0.0.3:3306 connections=5']);
});

test('the same number of a namespace is soon another one', () => {
  const machine = new Machine();
  const old = connections('10.0.0.2', '10.0.0.3:3306', 5);
  const web = { netns: 1, address: '10.0.0.2', sockets: old.client };
  machine.round({ web, db: { netns: 2, address: '10.0.0.3', sockets: [listener(3306), ...old.server] } });
  const other = { netns: 2, address: '10.0.0.3', sockets: [listener(3306)] };
  expect(texts(machine.round({ web, other }))).toEqual(['web db:3306 connections=5']);
});

test('two networks with the same addresses are not mixed up', () => {
  const machine = new Machine();
  const [one, two] = [connections('10.0.0.2', '10.0.0.3:80', 1), connections('10.0.0.4', '10.0.0.3:80', 2)];
  const edges = machine.round({
    a: { netns: 1, address: '10.0.0.2', sockets: one.client },
    b: { netns: 2, address: '10.0.0.4', sockets: two.client },
    'server-a': { netns: 3, address: '10.0.0.3', sockets: [listener(80), ...one.server] },
    'server-b': { netns: 4, address: '10.0.0.3', sockets: [listener(80), ...two.server] },
  });
  expect(texts(edges)).toEqual(['a server-a:80 connections=1', 'b server-b:80 connections=2']);
});

test('external ends are one, private ones have their addresses, many of them their network', () => {
  const machine = new Machine();
  const clients = (count: number, network: string, port: number) =>
    Array.from({ length: count }, (_none, at) =>
      tcpSocket({ local: `10.0.0.2:${port}`, peer: `${network}.${at + 1}:50000` }),
    );
  const web = {
    netns: 1,
    address: '10.0.0.2',
    sockets: [
      ...[listener(443), listener(8080), listener(9100)],
      ...clients(20, '203.0.113', 443),
      ...clients(9, '192.168.7', 8080),
      ...clients(1, '192.168.7', 9100),
      tcpSocket({ local: '10.0.0.2:40001', peer: '198.51.100.1:443' }),
    ],
  };
  expect(texts(machine.round({ web }))).toEqual([
    '192.168.0.0/16 web:8080 addresses=9 connections=9',
    '192.168.7.1 web:9100 connections=1',
    'internet web:443 addresses=20 connections=20',
    'web internet:443 addresses=1 connections=1',
  ]);
});

test('a connection with oneself is an edge once', () => {
  const machine = new Machine();
  const { client, server } = connections('127.0.0.1', '127.0.0.1:6379', 3);
  expect(
    texts(machine.round({ web: { netns: 1, address: '', sockets: [listener(6379), ...client, ...server] } })),
  ).toEqual(['web web:6379 connections=3']);
});

test('refused attempts, and an accept queue that is full', () => {
  const machine = new Machine();
  const db = {
    netns: 2,
    address: '10.0.0.3',
    sockets: [listener(3306, { receiveQueue: 129, sendQueue: 128 }), listener(80, { receiveQueue: 5, sendQueue: 128 })],
  };
  const pool = connections('10.0.0.2', '10.0.0.3:3306', 2);
  const page = connections('10.0.0.2', '10.0.0.3:80', 1);
  const web = { netns: 1, address: '10.0.0.2', sockets: [...pool.client, ...page.client] };
  const before = { ...db, sockets: [...db.sockets, ...pool.server, ...page.server] };
  machine.round({ web, db: before });
  const refuse = (times: number, peer: string, outcome: string) => {
    for (let time = 0; time < times; time++) {
      machine.tracker.event(namespaceOf('web', 1, '10.0.0.2'), {
        kind: 'failed',
        proto: 'tcp',
        role: 'client',
        outcome,
        socket: storedSocket(tcpSocket({ peer })),
      } as unknown as ConnectionEvent);
    }
  };
  refuse(30, '10.0.0.3:3306', 'refused');
  refuse(5, '10.0.0.3:9999', 'refused');
  refuse(10, '198.51.100.1:443', 'no-answer');
  expect(texts(machine.round({ web, db: before }))).toEqual([
    'web db:3306 connections=2 queued=129 refused=3',
    'web db:80 connections=1',
    'web db:9999 refused=0.5',
    'web internet:443 failed=1',
  ]);
  // They were of that time.
  expect(texts(machine.round({ web, db: before }))).toEqual([
    'web db:3306 connections=2 queued=129',
    'web db:80 connections=1',
  ]);
});
