/** Findings that the configuration ignores on purpose. */
import { describe, expect, test } from 'vitest';
import { withoutIgnored } from '../../../src/doctor/ignored-findings.ts';
import { Replicas } from '../../../src/doctor/replicas.ts';
import type { Finding } from '../../../src/model/finding/finding.ts';
import type { IgnoreEntry } from '../../../src/model/finding/ignored.ts';
import { container, series, spaceSeries } from '../../support/series.ts';

const LABELS = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'webhook' };
const WEB = container({ name: 'shop-webhook-1', id: 'a'.repeat(64), labels: LABELS });
const LEGACY = container({ name: 'legacy-1', id: 'b'.repeat(64) });
const replicas = new Replicas(series([spaceSeries([{ sockets: [] }], { containers: [WEB, LEGACY] })]));
const NOON = Date.parse('2026-11-30T12:00:00Z');

function finding(rule: string, target: string, causedBy?: number): Finding {
  const inContainer = [WEB, LEGACY].some(({ name }) => name === target);
  return {
    rule,
    severity: 'warning',
    confidence: 'high',
    scope: { kind: 'container', name: target, target, ...(inContainer && { container: target }) },
    summary: rule,
    evidence: [],
    fixes: [],
    byHand: '',
    ...(causedBy !== undefined && { causedBy }),
  };
}

const FINDINGS = [
  finding('ORPHANS', 'legacy-1'),
  finding('CLOSE_WAIT_LEAK', 'legacy-1'),
  finding('NOFILE_EXHAUSTION', 'legacy-1', 1),
  finding('LISTEN_OVERFLOW', 'shop-webhook-1', 2),
  finding('CLOSE_WAIT_LEAK', 'shop-webhook-1'),
  finding('CLOSE_WAIT_LEAK', 'legacy-1,shop-webhook-1'),
  finding('CLOSE_WAIT_LEAK', 'netns:db'),
];

const why = 'known';
const after = (...entries: IgnoreEntry[]) => withoutIgnored(FINDINGS, entries, replicas, NOON);
const left = (...entries: IgnoreEntry[]) =>
  after(...entries).findings.map(({ rule, scope }) => `${rule} ${scope.target}`);

describe('what an entry means', () => {
  test('a container by its name, with the symptoms that it explains, wherever they are', () => {
    expect(left({ rule: 'CLOSE_WAIT_LEAK', target: 'legacy-1', why })).toEqual([
      'ORPHANS legacy-1',
      'CLOSE_WAIT_LEAK shop-webhook-1',
      'CLOSE_WAIT_LEAK legacy-1,shop-webhook-1',
      'CLOSE_WAIT_LEAK netns:db',
    ]);
  });

  test.each(['webhook', 'compose:shop/webhook', 'shop-webhook-*', 'shop-webhook-[0-9]'])(
    'a service or a pattern: %s',
    (target) => {
      const { ignored } = after({ rule: 'CLOSE_WAIT_LEAK', target, why });
      expect(ignored).toEqual([
        { rule: 'CLOSE_WAIT_LEAK', target, why, expired: false, findings: 1, places: ['shop-webhook-1'] },
      ]);
    },
  );

  test('a finding about several containers only where all of them are meant', () => {
    const name = 'CLOSE_WAIT_LEAK legacy-1,shop-webhook-1';
    expect(left({ rule: 'CLOSE_WAIT_LEAK', target: 'legacy*', why })).toContain(name);
    expect(left({ rule: 'CLOSE_WAIT_LEAK', target: '[ls]*-1', why })).not.toContain(name);
  });

  test('every target where none is given; no other rule', () => {
    expect(left({ rule: 'CLOSE_WAIT_LEAK', why })).toEqual(['ORPHANS legacy-1']);
    expect(left({ rule: 'LEAK_RISING', why })).toHaveLength(FINDINGS.length);
  });

  test('a symptom that is ignored leaves its cause', () => {
    expect(left({ rule: 'NOFILE_EXHAUSTION', why })).toContain('CLOSE_WAIT_LEAK legacy-1');
  });
});

test('causes keep their places in the shorter list', () => {
  const { findings } = after({ rule: 'ORPHANS', why });
  expect(findings.map(({ causedBy }) => causedBy)).toEqual([undefined, 0, 1, undefined, undefined, undefined]);
});

test('an entry whose time is over leaves nothing out, and says what it would have', () => {
  const entry = { rule: 'ORPHANS', why };
  expect(after({ ...entry, until: '2026-11-30T12:00:01.000Z' }).findings).toHaveLength(FINDINGS.length - 1);
  const over = after({ ...entry, until: '2026-11-30T12:00:00.000Z' });
  expect(over.findings).toEqual(FINDINGS);
  expect(over.ignored).toMatchObject([{ expired: true, findings: 1, places: ['legacy-1'] }]);
});

test('of two entries the first counts a finding, one in force before one whose time is over', () => {
  const entry = { rule: 'ORPHANS', why };
  const { ignored } = after({ ...entry, until: '2026-01-01T00:00:00.000Z' }, { ...entry, target: 'legacy-1' }, entry);
  expect(ignored.map(({ findings }) => findings)).toEqual([0, 1, 0]);
});
