/** Attempts to connect that fail, each in its own way, and names that are asked for too often. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { kernelIsSince } from '../support/kernel-version.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { connectRepeatedly } from '../support/recipes/attempts.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { drop } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';

afterEach(removeAllNetns);

/** The most retransmissions that ss shows of an attempt to connect. */
function synsAgain(netns: TestNetns): number {
  const rows = netns.run('ss', '-tnoH', 'state', 'syn-sent');
  return Math.max(0, ...[...rows.matchAll(/timer:\(on,[^,]+,(\d+)\)/g)].map(([, count]) => Number(count)));
}

async function diagnosed(netns: TestNetns, rule: string, seconds: number, ...set: string[]) {
  return (await diagnose(`netns:${netns.name}`, { rules: [rule], for: `${seconds}s`, set })).findings;
}

prove({
  rule: 'SYN_SENT_STUCK',
  how: 'namespace: five attempts to connect whose first packets are dropped',
  lookAlike: 'attempts that are refused at once, and attempts to reach a neighbour that is not there',
  async fault() {
    const netns = createNetns();
    drop(netns, '127.0.0.1', '--dport', '9999', '--syn');
    const client = await Workshop.start(netns);
    for (let index = 0; index < 5; index++) {
      await client.connect(await client.socket(AF.INET, SOCK.STREAM), { host: '127.0.0.1', port: 9999 }, false);
    }
    await until('three SYNs sent again', () => synsAgain(netns) >= 3);
    return diagnosed(netns, 'SYN_SENT_STUCK', 1);
  },
  async healthy() {
    const netns = createNetns();
    netns.run('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    netns.run('ip', 'address', 'add', '10.83.0.1/24', 'dev', 'v0');
    for (const device of ['v0', 'v1']) netns.run('ip', 'link', 'set', device, 'up');
    await connectRepeatedly(netns, { proto: 'tcp', port: 9999, perSecond: 20 });
    await connectRepeatedly(netns, { proto: 'tcp', host: '10.83.0.9', port: 9999, perSecond: 2 });
    return diagnosed(netns, 'SYN_SENT_STUCK', 6);
  },
  check: (finding) =>
    expect(finding).toMatchObject({ severity: 'critical', about: expect.stringMatching(/^peer .*:9999$/) }),
});

const WINDOW = 'CONNECT_REFUSED.windowMs=5s';

prove({
  rule: 'CONNECT_REFUSED',
  how: 'namespace: twenty attempts a second to a closed port; a minute shortened to 5 s',
  lookAlike: 'a server that restarts: refused for one second, then taken',
  async fault() {
    const netns = createNetns();
    await connectRepeatedly(netns, { proto: 'tcp', port: 9999, perSecond: 20 });
    return diagnosed(netns, 'CONNECT_REFUSED', 6, WINDOW);
  },
  async healthy() {
    const netns = createNetns();
    const server = await Workshop.start(netns);
    const diagnosis = diagnosed(netns, 'CONNECT_REFUSED', 6, WINDOW);
    await connectRepeatedly(netns, { proto: 'tcp', port: 9999, perSecond: 20, forMs: 1000 });
    await server.tcpListener('127.0.0.1', 8888, 512);
    await connectRepeatedly(netns, { proto: 'tcp', port: 8888, perSecond: 20 });
    return diagnosis;
  },
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'warning', about: expect.stringMatching(/^peer .*:9999$/) });
    expect(finding.fixes[0]?.text).toContain('localhost');
    // Before Linux 6.10 the kernel does not tell of a reset without a socket: those that were received remain.
    const what = kernelIsSince(6, 10) ? /^resets by .*:9999, NO_SOCKET$/ : /^resets by .*:9999$/;
    expect(finding.evidence).toContainEqual(expect.objectContaining({ what: expect.stringMatching(what) }));
  },
});

prove({
  rule: 'DNS_STORM',
  how: 'namespace: 200 queries a second to a local port 53, each from a socket of its own',
  lookAlike: 'a resolver that asks others as often',
  async fault() {
    const netns = createNetns();
    await connectRepeatedly(netns, { proto: 'udp', port: 53, perSecond: 200 });
    return diagnosed(netns, 'DNS_STORM', 3);
  },
  async healthy() {
    const netns = createNetns();
    netns.run('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    netns.run('ip', 'address', 'add', '10.83.0.1/24', 'dev', 'v0');
    for (const device of ['v0', 'v1']) netns.run('ip', 'link', 'set', device, 'up');
    const resolver = await Workshop.start(netns);
    await resolver.bind(await resolver.socket(AF.INET, SOCK.DGRAM), { host: '0.0.0.0', port: 53 });
    await connectRepeatedly(netns, { proto: 'udp', host: '10.83.0.9', port: 53, perSecond: 200 });
    return diagnosed(netns, 'DNS_STORM', 3);
  },
});
