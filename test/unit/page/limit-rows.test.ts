import { expect, test } from 'vitest';
import { limitRows } from '../../../src/page/pages/limit-rows.ts';
import type { ContainerAnswer, PoolLane } from '../../../src/serve/protocol/container.ts';
import type { HostNumbers } from '../../../src/serve/protocol.ts';

const lane = (address: string, count: number, more: Partial<PoolLane> = {}): PoolLane => ({
  ...{ id: `out tcp ${address}:3306`, proto: 'tcp', address, port: 3306, direction: 'out', count, peak: count },
  byState: { ESTABLISHED: count },
  ...more,
});

const ANSWER: ContainerAnswer = {
  protocol: 1,
  atMs: 0,
  row: { id: 'a', name: 'web', runtime: 'docker', status: 'running', problems: {} },
  listeners: [],
  lanes: [],
  limits: {
    limits: [
      { name: 'core', title: 'core file size', soft: 0, hard: null, setBy: 'inherited' },
      { name: 'nofile', title: 'open files', used: 60, soft: 1024, hard: 4096, setBy: 'the Engine' },
      { name: 'pids', title: 'processes and threads', used: 3, soft: null, hard: null, setBy: 'none' },
    ],
    fixes: [],
    remarks: [],
  },
};

const HOST = { conntrack: { used: 12, limit: 262_144 } } as HostNumbers;

test('limits in use come first: of the process, of the network namespace, of the host', () => {
  const listeners = [
    { proto: 'tcp', address: '0.0.0.0', port: 80, queue: 2, backlog: 4096, process: '7/nginx' },
    { proto: 'tcp6', address: '::', port: 81, queue: 0, backlog: 511, process: '7/nginx' },
    { proto: 'udp', address: '0.0.0.0', port: 53 },
  ];
  const timeWait = [{ direction: 'out' as const, address: '10.0.0.3', port: 3306, count: 900 }];
  const lanes = [
    lane('10.0.0.3', 40, { name: 'db', service: 'mysql' }),
    lane('10.0.0.4', 50),
    lane('10.0.0.5', 30),
    lane('10.0.0.6', 99, { proto: 'udp' }),
    { ...lane('10.0.0.7', 99), direction: 'in' as const },
  ];
  const rows = limitRows({ ...ANSWER, listeners, lanes, timeWait, localPorts: 28_232, somaxconn: 4096 }, HOST);
  expect(rows.map(({ title, used, limit, setBy }) => [title, used, limit, setBy])).toEqual([
    ['Open files (nofile), soft', 60, 1024, 'the Engine'],
    ['Open files (nofile), hard', 60, 4096, 'the Engine'],
    ['Processes and threads (pids)', 3, null, 'none'],
    ['Local ports to db:mysql', 940, 28_232, 'net.ipv4.ip_local_port_range'],
    ['Local ports to 10.0.0.4:3306', 50, 28_232, 'net.ipv4.ip_local_port_range'],
    ['Accept queue 0.0.0.0:80', 2, 4096, 'net.core.somaxconn'],
    ['Accept queue [::]:81', 0, 511, 'listen() of nginx'],
    ['conntrack, host', 12, 262_144, 'net.netfilter.nf_conntrack_max'],
    ['Core file size (core), soft', undefined, 0, 'inherited'],
    ['Core file size (core), hard', undefined, null, 'inherited'],
  ]);
});

test('what is not known has no line', () => {
  const rows = limitRows(
    { ...ANSWER, limits: { limits: [], fixes: [], remarks: [] }, lanes: [lane('10.0.0.3', 4)] },
    undefined,
  );
  expect(rows).toEqual([]);
});
