import { expect, test } from 'vitest';
import { wantedProcesses } from '../../../src/doctor/stacks/wanted-processes.ts';
import type { Finding } from '../../../src/model/finding/finding.ts';
import { listener, series, spaceSeries, tcpSockets } from '../../support/series.ts';

const client = (pid: number, peer: string) => tcpSockets(2, { process: { pid, name: 'app' }, peer });
const server = (pid: number, port: number, address: string) =>
  listener(port, { process: { pid, name: 'server' }, local: `${address}:${port}` });

/** Two clients of one namespace, one of a database, and the servers of another. */
const seen = series([
  spaceSeries([{ sockets: [...client(11, '10.0.0.3:3306'), ...client(12, '10.0.0.3:8080')] }], { netns: 1 }),
  spaceSeries([{ sockets: [server(21, 3306, '10.0.0.3'), server(22, 8080, '10.0.0.3')] }], {
    netns: 2,
    name: 'db',
    targets: ['db'],
    containers: [],
  }),
]);

function finding(parts: Partial<Finding>): Finding {
  const scope = { kind: 'process', name: 'web', target: 'web' } as const;
  return {
    rule: 'X',
    severity: 'info',
    confidence: 'low',
    scope,
    summary: '',
    evidence: [],
    fixes: [],
    byHand: '',
    ...parts,
  };
}

const pids = (findings: readonly Finding[]) => wantedProcesses(seen, findings).map(({ pid }) => pid);

test('clients of known databases, and who listens there; nobody else', () => {
  expect(pids([])).toEqual([11, 21]);
});

test('the process that a finding names, and the servers that it talks to', () => {
  const scope = { kind: 'process', name: 'web', target: 'web', pid: 12 } as const;
  expect(pids([finding({ scope })]).sort()).toEqual([11, 12, 21, 22]);
  expect(pids([finding({ server: { target: 'db', port: 8080 } })]).sort()).toEqual([11, 21, 22]);
});
