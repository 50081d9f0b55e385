/** Connections without traffic: forgotten by a device on the path, or with a dead peer. */
import { afterEach, expect, test } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { connectNetns, createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SOCK } from '../support/recipes/constants.ts';
import { drop } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';

afterEach(removeAllNetns);

/** From linux/tcp.h. */
const TCP = { LEVEL: 6, KEEPINTVL: 5 } as const;

/** Two machines on different networks, with a route between them, and six silent connections. */
async function silent(keepalive: boolean) {
  const near = createNetns();
  const far = createNetns();
  connectNetns({ netns: near, addresses: ['10.84.1.1/24'] }, { netns: far, addresses: ['10.85.1.1/24'] });
  near.run('ip', 'route', 'add', '10.85.1.0/24', 'dev', 'eth0');
  far.run('ip', 'route', 'add', '10.84.1.0/24', 'dev', 'eth0');
  const server = await Workshop.start(far);
  const client = await Workshop.start(near);
  const listener = await server.tcpListener('10.85.1.1', 443);
  for (let index = 0; index < 6; index++) {
    const fd = await client.socket(AF.INET, SOCK.STREAM);
    await client.connect(fd, listener);
    if (!keepalive) continue;
    await client.setsockopt(fd, TCP.LEVEL, OPT.TCP_KEEPIDLE, 1);
    await client.setsockopt(fd, TCP.LEVEL, TCP.KEEPINTVL, 1);
    await client.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_KEEPALIVE, 1);
  }
  const { findings } = await diagnose(`netns:${near.name}`, {
    rules: ['HALF_OPEN_IDLE'],
    set: ['HALF_OPEN_IDLE.deviceMs=2500ms'],
    for: '5s',
  });
  return findings;
}

prove({
  rule: 'HALF_OPEN_IDLE',
  how: 'namespace: six idle connections without keepalive to another network; 350 s shortened to 2.5 s',
  lookAlike: 'the same connections with a keepalive every second',
  fault: () => silent(false),
  healthy: () => silent(true),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', about: 'port 443' }),
});

/** How often ss says that an established connection has sent the same again. */
function sentAgain(netns: TestNetns): number {
  const rows = netns.run('ss', '-tnoH', 'state', 'established');
  return Math.max(0, ...[...rows.matchAll(/timer:\(on,[^,]+,(\d+)\)/g)].map(([, count]) => Number(count)));
}

prove({
  rule: 'DEAD_PEER_RETRANSMIT',
  how: 'namespace: everything for the port is dropped after the connection was made, then something is sent',
  lookAlike: 'every third packet lost, and sent again with success',
  async fault() {
    const netns = createNetns();
    const workshop = await Workshop.start(netns);
    const listener = await workshop.tcpListener('127.0.0.1', 8000);
    const pair = await workshop.tcpPair(listener);
    drop(netns, '127.0.0.1', '--dport', '8000');
    await workshop.send(pair.client, 100);
    await until('five retransmissions', () => sentAgain(netns) >= 5);
    const { findings } = await diagnose(`netns:${netns.name}`, { rules: ['DEAD_PEER_RETRANSMIT'], for: '2s' });
    return findings;
  },
  async healthy() {
    const netns = createNetns();
    const workshop = await Workshop.start(netns);
    const listener = await workshop.tcpListener('127.0.0.1', 8000);
    const pair = await workshop.tcpPair(listener);
    drop(netns, '127.0.0.1', '--dport', '8000', '-m', 'statistic', '--mode', 'nth', '--every', '3', '--packet', '0');
    const over = new AbortController();
    const sending = (async () => {
      while (!over.signal.aborted) {
        await workshop.send(pair.client, 100);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const { findings } = await diagnose(`netns:${netns.name}`, { rules: ['DEAD_PEER_RETRANSMIT'], for: '4s' });
    over.abort();
    await sending;
    return findings;
  },
  check: (finding) => {
    expect(finding).toMatchObject({ about: expect.stringMatching(/^peer .*:8000$/) });
    const named = finding.evidence.filter(({ what }) => /^retransmitted to .*:8000$/.test(what));
    // One may be due while it looks, or none.
    for (const { value, source } of named) expect([Number(value) > 0, source]).toEqual([true, 'tcp_retransmit_skb']);
  },
});

/** Two connections of one process to one address, of which packets that match are dropped; small requests go on over the other. */
async function oneOfTwo(rule: string, bytes: number, ...match: string[]) {
  const netns = createNetns();
  netns.run('ip', 'link', 'set', 'lo', 'mtu', '1500');
  const workshop = await Workshop.start(netns);
  const stuck = await workshop.tcpPair(await workshop.tcpListener('127.0.0.1', 8000));
  const fine = await workshop.tcpPair(await workshop.tcpListener('127.0.0.1', 8001));
  drop(netns, '127.0.0.1', ...match);
  await workshop.send(stuck.client, bytes);
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      await workshop.send(fine.client, 100);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  await until('five retransmissions', () => sentAgain(netns) >= 5);
  const { findings } = await diagnose(`netns:${netns.name}`, { rules: [rule], for: '2s' });
  over.abort();
  await asking;
  return findings;
}

test('DEAD_PEER_RETRANSMIT: one connection is cut, while its peer answers on another', {
  timeout: 240_000,
}, async () => {
  expect(await oneOfTwo('DEAD_PEER_RETRANSMIT', 100, '--dport', '8000')).toMatchObject([
    { about: expect.stringMatching(/:8000$/), summary: expect.stringContaining('something on the way drops these') },
  ]);
});

prove({
  rule: 'PATH_MTU',
  how: 'namespace: packets of 1,000 bytes and more are dropped on the way, small ones to the same address pass',
  lookAlike: 'small requests that are lost as well; DEAD_PEER_RETRANSMIT has those',
  fault: () => oneOfTwo('PATH_MTU', 20_000, '-m', 'length', '--length', '1000:'),
  healthy: () => oneOfTwo('PATH_MTU', 100, '--dport', '8000'),
  check: (finding) => {
    expect(finding).toMatchObject({ about: expect.stringMatching(/^peer .*:8000$/) });
    expect(finding.summary).toContain('all of them in large segments');
  },
});

test('DEAD_PEER_RETRANSMIT is quiet where PATH_MTU speaks', { timeout: 240_000 }, async () => {
  expect(await oneOfTwo('DEAD_PEER_RETRANSMIT', 20_000, '-m', 'length', '--length', '1000:')).toEqual([]);
});
