/** Local ports that run out, and closed connections that take them. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { createNetns, removeAllNetns, type TestNetns } from '../support/netns.ts';
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
