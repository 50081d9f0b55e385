/** A redacted diagnosis names nobody and keeps its structure. */
import { expect, test } from 'vitest';
import { examine } from '../../../src/doctor/examine.ts';
import { redacted } from '../../../src/doctor/redacted.ts';
import { poolOverrun } from '../../../src/doctor/rules/client/pool-overrun.ts';
import { limitMismatch } from '../../../src/doctor/rules/descriptors/limit-mismatch.ts';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import type { Finding } from '../../../src/model/finding/finding.ts';
import { container, series, spaceSeries, tcpSockets } from '../../support/series.ts';

const LABELS = {
  'com.docker.compose.project': 'acmeshop',
  'com.docker.compose.service': 'billing',
  'com.docker.compose.project.config_files': '/srv/acmeshop/compose.yaml',
};
const web = container({
  name: 'acmeshop-billing-1',
  labels: LABELS,
  addresses: [{ network: 'acmeshop_back', address: '10.0.0.2' }],
  declared: { limits: [], sysctls: {}, published: [], image: 'registry.acme.example/billing:7', commandDigest: 'aa' },
});
const process = { pid: 4242, name: 'acme-billing' };
const sockets = tcpSockets(130, { process, holders: [process] });
const sample = { ...process, startTicks: 1, container: web.name, used: 600, softLimit: 1024, hardLimit: 4096 };
const seen = series(
  [
    spaceSeries([{ sockets, processes: [sample] }], {
      name: web.name,
      targets: [web.name],
      containers: [web],
    }),
  ],
  {
    notes: ['acmeshop-billing-1: something was not read'],
    names: {
      host: (address) => (address === '10.0.0.3' ? 'db.acme.example' : undefined),
      service: (port) => (port === 3306 ? 'mysql' : undefined),
      user: () => undefined,
    },
  },
);

function examined(): Diagnosis {
  const declared = { pools: [], serverLimits: [], replicas: [] };
  return examine(seen, { rules: [poolOverrun, limitMismatch], settings: {}, declared, clock: () => 0 });
}

test('no name, address or path of the system is left, and the numbers are', () => {
  const plain = examined();
  expect(JSON.stringify(plain)).toMatch(/acme.*10\.0\.0\.3/);
  const safe = redacted(plain, seen);
  const text = JSON.stringify(safe);
  expect(text).not.toMatch(/acme|billing|10\.0\.0\.[23]/i);
  expect(safe.problems.map(({ rule, numbers }) => [rule, numbers.map(({ value }) => value)])).toEqual(
    plain.problems.map(({ rule, numbers }) => [rule, numbers.map(({ value }) => value)]),
  );
  expect(safe.findings.map(({ rule, causedBy, severity }) => [rule, causedBy, severity])).toEqual(
    plain.findings.map(({ rule, causedBy, severity }) => [rule, causedBy, severity]),
  );
  expect(safe.coverage.notes).toEqual(['(redacted)']);
  expect([safe.from, safe.to]).toEqual([plain.from, plain.to]);
});

test('the same name has the same alias everywhere', () => {
  const { problems, findings, targets } = redacted(examined(), seen);
  const [pool] = findings.filter(({ rule }) => rule === 'POOL_OVERRUN');
  expect(pool?.about).toMatch(/^peer name-\d+:mysql$/);
  expect(pool?.summary).toContain(`to ${pool?.about?.slice('peer '.length)}:`);
  expect(targets).toEqual([pool?.scope.container]);
  for (const { verify } of problems) expect(verify).toContain(` ${targets[0]} `);
});

test.each([
  ['2001:db8::17', '[2001:db8::17]:3306', /2001:db8::17/],
  ['10.9.8.7', '10.9.8.7:3306', /10\.9\.8\.7/],
  ['a path', '/srv/acme/x.sock', /acme/],
])('what only its form tells: %s', (_title, value, secret) => {
  const diagnosis = examined();
  const [first] = diagnosis.findings as [Finding];
  const text = JSON.stringify(
    redacted({ ...diagnosis, findings: [{ ...first, summary: `connections to ${value} at 14:03:08` }] }, seen),
  );
  expect(text).not.toMatch(secret);
  // Times, loopback and paths that every machine has stay.
  expect(text).toContain('at 14:03:08');
});

test('what says nothing about whose machine it is stays', () => {
  const diagnosis = examined();
  const [first] = diagnosis.findings as [Finding];
  const summary = 'nginx at 127.0.0.1:80 and [::1]:80, /proc/4242/limits, /etc/docker/daemon.json, 3/4 and/or 10.5 %';
  expect(redacted({ ...diagnosis, findings: [{ ...first, summary }] }, seen).findings[0]?.summary).toBe(summary);
});
