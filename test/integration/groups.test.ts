/** `ls --by` on real sockets, against `ss`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Group } from '../../src/model/report/group.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let port: number;
const PLAIN = 3;
const MAPPED = 2;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  // Clients of one address, seen by an IPv4 listener and by a dual-stack one on the same port number.
  const listener = await workshop.tcpListener('127.0.0.1');
  port = listener.port;
  for (let index = 0; index < PLAIN; index++) await workshop.tcpPair(listener);
  const both = await workshop.socket(AF.INET6, SOCK.STREAM);
  await workshop.setsockopt(both, 41, OPT.IPV6_V6ONLY, 0);
  await workshop.bind(both, { host: '::', port: 0 });
  await workshop.listen(both, 16);
  const dual = { fd: both, host: '::', port: await workshop.port(both) };
  for (let index = 0; index < MAPPED; index++) await workshop.tcpPair(dual, '127.0.0.1');
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

function grouped(...args: string[]): { groups: Group[]; total: { sockets: number; groups: number } } {
  const { status, stdout, stderr } = socklens(['ls', `netns:${netns.name}`, '-t', '--json', ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('groups', () => {
  it('plain and IPv4-mapped addresses of one peer are one group', () => {
    const { groups, total } = grouped('--by', 'peer-address', 'state established');
    expect(groups).toEqual([
      expect.objectContaining({ key: { 'peer-address': '127.0.0.1' }, count: 2 * (PLAIN + MAPPED) }),
    ]);
    expect(total).toEqual({ sockets: 2 * (PLAIN + MAPPED), groups: 1 });
  });

  it('by peer: the clients of a listener are one row for each address, whatever their ports', () => {
    const clientPorts = netns.run('ss', '-tnH', 'sport', '=', `:${port}`).trim().split('\n');
    expect(clientPorts).toHaveLength(PLAIN);
    const inbound = grouped('--by', 'peer', `state established and sport = ${port}`);
    expect(inbound.groups).toEqual([expect.objectContaining({ key: { peer: '127.0.0.1:*' }, count: PLAIN })]);
    const outbound = grouped('--by', 'peer', `state established and dport = ${port}`);
    expect(outbound.groups).toEqual([expect.objectContaining({ key: { peer: `127.0.0.1:${port}` }, count: PLAIN })]);
  });

  it('--top shows the first, and the total is of all', () => {
    const all = grouped('--by', 'peer,state');
    const { groups, total } = grouped('--by', 'peer,state', '--top', '2');
    expect(groups).toEqual(all.groups.slice(0, 2));
    expect(total).toEqual(all.total);
    expect(total.sockets).toBe(netns.run('ss', '-tanH').trim().split('\n').length);
    const text = socklens(['ls', `netns:${netns.name}`, '-t', '--by', 'peer,state', '--top', '2']).stdout;
    expect(text).toContain(`${total.groups - 2} more groups`);
    expect(text).toMatch(new RegExp(`^ *${total.sockets}  total`, 'm'));
  });

  it('--sort orders by a key', () => {
    const { groups } = grouped('--by', 'state', '--sort', 'state');
    expect(groups.map(({ key }) => key.state)).toEqual(['ESTABLISHED', 'LISTEN']);
  });

  it('round-trip times are in the range that ss shows', async () => {
    const listener = await workshop.tcpListener('127.0.0.1');
    const { client, server } = await workshop.tcpPair(listener);
    await workshop.send(client, 100);
    await workshop.recv(server, 100);
    const rttOfSs = () => {
      const found = netns.run('ss', '-tinOH', 'dport', '=', `:${listener.port}`);
      return Number(/\brtt:([\d.]+)/.exec(found)?.[1]) || undefined;
    };
    // An acknowledgement that comes meanwhile changes it: before and after it is the same.
    const { rttMs, groups } = await until('a round-trip time', () => {
      const rttMs = rttOfSs();
      const { groups } = grouped('--by', 'rtt', `dport = ${listener.port}`);
      return rttMs !== undefined && rttOfSs() === rttMs && { rttMs, groups };
    });
    const [first, ...more] = groups;
    expect(more).toEqual([]);
    const bounds: Record<string, [number, number]> = {
      '<100us': [0, 0.1],
      '100us-1ms': [0.1, 1],
      '1-10ms': [1, 10],
      '10-100ms': [10, 100],
      '100ms-1s': [100, 1000],
      '>=1s': [1000, Number.POSITIVE_INFINITY],
    };
    const [from, to] = bounds[String(first?.key.rtt)] ?? [Number.NaN, Number.NaN];
    expect(rttMs).toBeGreaterThanOrEqual(from);
    expect(rttMs).toBeLessThanOrEqual(to);
  });

  it('idle and age: fresh connections, and null for sockets without such a time', () => {
    const { groups } = grouped('--by', 'state,idle,age', `sport = ${port}`);
    const find = (state: string) => groups.filter(({ key }) => key.state === state);
    expect(find('LISTEN')).toEqual([{ key: { state: 'LISTEN', idle: null, age: null }, count: 1 }]);
    for (const { key } of find('ESTABLISHED')) expect(['<1s', '1-10s', '10-60s']).toContain(key.idle);
  });

  it.each([
    [['--by', 'state', '--top', '0'], '--top: "0" is not a positive whole number'],
    [['--top', '3'], '--top needs groups'],
    [['--by', 'state', '--sort', 'nonsense'], 'unknown order "nonsense"'],
    [['--by', 'state', '--sort', 'peer'], 'sort by count or by one of these'],
    [['--by', 'nonsense'], 'unknown key "nonsense"'],
  ])('%j is status 2', (args, message) => {
    const { status, stderr } = socklens(['ls', `netns:${netns.name}`, ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
