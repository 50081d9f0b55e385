/** Local ports that run out, and closed connections that take them. */
import { afterEach, expect, test } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { connectRepeatedly } from '../support/recipes/attempts.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

afterEach(removeAllNetns);

function sysctl(netns: TestNetns, name: string, value: string): void {
  netns.run('sysctl', '-q', '-w', `${name}=${value}`);
}

/** Ten ports to choose from, and so many connections to each of some listeners. */
async function tenPorts(...counts: readonly number[]) {
  const netns = createNetns();
  sysctl(netns, 'net.ipv4.ip_local_port_range', '40000 40009');
  const server = await Workshop.start(netns);
  const client = await Workshop.start(netns);
  for (const [index, count] of counts.entries()) {
    const listener = await server.tcpListener('127.0.0.1', 8000 + index);
    for (let made = 0; made < count; made++) {
      await client.connect(await client.socket(AF.INET, SOCK.STREAM), listener);
    }
  }
  const { findings } = await diagnose(`netns:${netns.name}`, { rules: ['EPHEMERAL_EXHAUSTION'], for: '1s' });
  return findings;
}

prove({
  rule: 'EPHEMERAL_EXHAUSTION',
  how: 'namespace: ip_local_port_range of ten ports, nine connections to one destination',
  lookAlike: 'twelve connections, six to each of two destinations',
  fault: () => tenPorts(9),
  healthy: () => tenPorts(6, 6),
  check: (finding) => {
    expect(finding.severity).toBe('critical');
    expect(finding.summary).toMatch(/^9 of the 10 local ports/);
  },
});

/** Nine connections of ten ports in TIME_WAIT, to a loopback address. */
async function tenPortsWaiting(reuse: number) {
  const netns = createNetns();
  sysctl(netns, 'net.ipv4.ip_local_port_range', '40000 40009');
  // Else a port that has waited for a second is taken again, and there are never nine of them.
  sysctl(netns, 'net.ipv4.tcp_tw_reuse', '0');
  const server = await Workshop.start(netns);
  const client = await Workshop.start(netns);
  const listener = await server.tcpListener('127.0.0.1', 8000);
  const waiting = () => netns.run('ss', '-Htn', 'state', 'time-wait').split('\n').length - 1;
  for (let made = 0; made < 9; made++) {
    const fd = await client.socket(AF.INET, SOCK.STREAM);
    await client.connect(fd, listener);
    const accepted = await server.accept(listener.fd);
    await client.close(fd);
    await server.close(accepted);
    await until('one more in TIME_WAIT', () => waiting() === made + 1);
  }
  sysctl(netns, 'net.ipv4.tcp_tw_reuse', String(reuse));
  const rules = ['EPHEMERAL_EXHAUSTION', 'TIME_WAIT_PILEUP'];
  const { findings } = await diagnose(`netns:${netns.name}`, { rules, for: '1s' });
  return findings.map(({ rule }) => rule).sort();
}

test('ports in TIME_WAIT run out, unless a new connection may take them', { timeout: 240_000 }, async () => {
  expect(await tenPortsWaiting(0)).toEqual(['EPHEMERAL_EXHAUSTION', 'TIME_WAIT_PILEUP']);
  // The default: on loopback only.
  expect(await tenPortsWaiting(2)).toEqual([]);
});

/** About twenty connections a second that the client closes first, with at most `buckets` sockets in TIME_WAIT. */
async function closing(buckets: number | undefined) {
  const netns = createNetns();
  if (buckets !== undefined) sysctl(netns, 'net.ipv4.tcp_max_tw_buckets', String(buckets));
  const server = await Workshop.start(netns);
  const listener = await server.tcpListener('127.0.0.1', 8000, 512);
  await connectRepeatedly(netns, { proto: 'tcp', port: 8000, perSecond: 20 });
  const accepting = (async () => {
    try {
      for (;;) await server.close(await server.accept(listener.fd));
    } catch {
      // The server was stopped.
    }
  })();
  const { findings } = await diagnose(`netns:${netns.name}`, { rules: ['TIME_WAIT_PILEUP'], for: '3s' });
  await server.stop();
  await accepting;
  return findings;
}

prove({
  rule: 'TIME_WAIT_PILEUP',
  how: 'namespace: tcp_max_tw_buckets of 5, and twenty connections a second that the client closes first',
  lookAlike: 'the same connections with room for them',
  fault: () => closing(5),
  healthy: () => closing(undefined),
  check: (finding) => expect(finding.severity).toBe('critical'),
});
