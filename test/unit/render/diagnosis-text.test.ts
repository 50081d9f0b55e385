/** The doctor's text: the verdict first, `info` in one line, severities, colours. */
import { beforeAll, describe, expect, test } from 'vitest';
import { atSeverity } from '../../../src/doctor/at-severity.ts';
import { problemsOf } from '../../../src/doctor/problems.ts';
import { Replicas } from '../../../src/doctor/replicas.ts';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import type { Finding, Severity } from '../../../src/model/finding/finding.ts';
import { ByteWriter } from '../../../src/render/byte-writer.ts';
import { type DiagnosisStyle, renderDiagnosis } from '../../../src/render/diagnosis-text.ts';

function finding(rule: string, severity: Severity, name: string, causedBy?: number): Finding {
  return {
    rule,
    severity,
    confidence: 'high',
    scope: { kind: 'container', name, target: name },
    summary: `${rule} of ${name}`,
    evidence: [{ what: 'connections', value: 7, source: 'sock_diag' }],
    fixes: [{ where: 'the application', text: 'close them' }],
    byHand: `socklens ls ${name}`,
    ...(causedBy !== undefined && { causedBy }),
  };
}

// Times are printed in the machine's time zone.
beforeAll(() => {
  process.env.TZ = 'UTC';
});

const declared = { pools: [], serverLimits: [], replicas: [] };
const ruleOf = (rule: string) => ({ title: `Title of ${rule}`, needsMs: 0 });
const replicas = new Replicas({ namespaces: [], containers: [] });

function diagnosis(
  given: readonly Finding[],
  targets: readonly string[] = ['web'],
  severity: Severity = 'info',
): Diagnosis {
  const { findings, ...left } = atSeverity(given, severity);
  return {
    ...left,
    problems: problemsOf(findings, { replicas, declared, ruleOf }),
    from: new Date(0),
    to: new Date(10_000),
    targets,
    findings,
    rules: [
      { rule: 'CLOSE_WAIT_LEAK', judged: true, needsMs: 0, tookMs: 0, findings: 0 },
      { rule: 'FD_LEAK_BY_TYPE', judged: false, needsMs: 600_000, tookMs: 0, findings: 0 },
      { rule: 'CONN_CHURN', judged: false, needsMs: 60_000, tookMs: 0, findings: 0 },
      { rule: 'CONNECT_REFUSED', judged: false, needsMs: 60_000, tookMs: 0, findings: 0 },
    ],
    coverage: { complete: true, notes: [] },
    healthy: !findings.some(({ severity }) => severity !== 'info'),
  };
}

function text(given: Diagnosis, style: DiagnosisStyle = { width: 300 }): string[] {
  const out = new ByteWriter();
  renderDiagnosis(out, given, style);
  return Buffer.from(out.bytes()).toString().trimEnd().split('\n');
}

const INFOS = [
  finding('HOST_NETWORK', 'info', 'b'),
  finding('SHARED_NETNS', 'info', 'a'),
  finding('SHARED_NETNS', 'info', 'b'),
];

describe('text', () => {
  test('a healthy host takes three lines, info findings among them in one', () => {
    expect(text(diagnosis(INFOS))).toEqual([
      'No problems found: web, sampled for 10s, 1 rule checked.',
      'info: HOST_NETWORK (b), SHARED_NETNS (a, b); --all shows them in full',
      'not checked, needs more time: CONN_CHURN, CONNECT_REFUSED (--for 1m), FD_LEAK_BY_TYPE (--for 10m)',
    ]);
  });

  test('a time that was measured is one that can be typed', () => {
    const rules = Object.entries({ NAGLE_DELACK: 1958, POOL_IDLE_SURPLUS: 1930.25, CONN_CHURN: 240.5 }).map(
      ([rule, needsMs]) => ({ rule, judged: false, needsMs, tookMs: 0, findings: 0 }),
    );
    expect(text({ ...diagnosis([]), rules })).toContain(
      'not checked, needs more time: CONN_CHURN (--for 300ms), NAGLE_DELACK, POOL_IDLE_SURPLUS (--for 2s)',
    );
  });

  test('the verdict comes first and counts the problems; a problem follows with its symptoms', () => {
    const given = [
      finding('A', 'critical', 'web'),
      finding('B', 'warning', 'web', 0),
      finding('C', 'warning', 'db'),
      ...INFOS,
    ];
    const lines = text(diagnosis(given));
    expect(lines[0]).toBe('1 critical problem, 1 warning: web, sampled for 10s, 1 rule checked.');
    expect(lines.slice(1, 11)).toEqual([
      '',
      'CRITICAL  Title of A (A, confidence: high)',
      '  Where: web, seen from 00:00:00 to 00:00:10',
      '    connections: 7',
      '  Fix (the application): close them',
      '  Verify: socklens doctor web --rule A',
      '  Symptoms:',
      '    Title of B (B)',
      '',
      'WARNING  Title of C (C, confidence: high)',
    ]);
    expect(lines.filter((line) => line.startsWith('INFO'))).toEqual([]);
  });

  test('--verbose: the findings of a problem, with their evidence and what causes them', () => {
    const given = [finding('A', 'critical', 'web'), finding('B', 'warning', 'web', 0)];
    const lines = text(diagnosis(given), { width: 300, verbose: true });
    for (const line of [
      '  CRITICAL  A  web  (confidence: high)',
      '      connections: 7  [sock_diag]',
      '    By hand: socklens ls web',
      '  WARNING  B  web  (confidence: high)',
      '    caused by A web: A of web',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test('no line is wider than a terminal of 80 columns', () => {
    const given = finding('A_RULE_WITH_A_LONG_NAME', 'critical', 'a-container-with-a-long-name');
    const long = {
      ...given,
      summary: 'word '.repeat(40),
      fixes: [{ where: 'the application', text: 'close '.repeat(40) }],
    };
    for (const line of text(diagnosis([long]), { width: 80, verbose: true }))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  test('--all: info findings in full, and the checked rules', () => {
    const lines = text(diagnosis(INFOS), { width: 300, all: true });
    expect(lines.filter((line) => line.startsWith('INFO'))).toHaveLength(3);
    expect(lines).toContain('checked: CLOSE_WAIT_LEAK');
  });

  test('--quiet: the verdict only', () => {
    const found = diagnosis([finding('A', 'critical', 'web')]);
    expect(text(found, { width: 300, verdictOnly: true })).toEqual([
      '1 critical problem: web, sampled for 10s, 1 rule checked.',
    ]);
  });

  test('of many targets the first are named', () => {
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    expect(text(diagnosis([], names))[0]).toBe(
      'No problems found: c0, c1, c2, c3, c4, c5 and 14 more, sampled for 10s, 1 rule checked.',
    );
  });

  test('severities are coloured where colour is wanted, nowhere else; control characters are not passed on', () => {
    const found = diagnosis([finding('A', 'critical', 'w\x1b[31mx'), finding('B', 'warning', 'web')]);
    const coloured = text(found, { width: 300, colour: true }).join('\n');
    expect(coloured).toContain('\x1b[1;31m1 critical problem, 1 warning\x1b[0m: web');
    expect(coloured).toContain('\x1b[1;31mCRITICAL\x1b[0m  Title of A');
    expect(coloured).toContain('\x1b[33mWARNING\x1b[0m  Title of B');
    expect(coloured).not.toContain('\x1b[31mx');
    expect(text(found).join('\n')).not.toContain('\x1b');
  });
});

test('a problem with everything, on a terminal of 80 columns', () => {
  const cause: Finding = {
    ...finding('POOL_IDLE_CAP_ONLY', 'warning', 'web'),
    about: 'peer db:mysql',
    title: 'A pool with an idle cap and without an open cap',
    since: '1970-01-01T00:00:04.000Z',
    evidence: [
      { what: 'established connections to db:mysql, the highest peak', value: 257, source: 'sock_diag' },
      { what: 'flat floor that it fell back to', value: 50, source: 'sock_diag' },
      { what: 'open files', value: 83, unit: '%', source: '/proc' },
      { what: 'a fourth', value: 1, source: 'sock_diag' },
    ],
    fixes: [
      {
        where: 'Go database/sql',
        text: 'SetMaxOpenConns is the cap, and its default is unlimited: set it and SetMaxIdleConns to the same number',
        snippet: 'db.SetMaxOpenConns(50)\ndb.SetMaxIdleConns(50)',
      },
      { where: 'another', text: 'not shown' },
    ],
    verifyWith: '--pool db:3306=50 --rule POOL_OVERRUN',
  };
  const symptom = { ...finding('REFUSED_BY_SERVER', 'critical', 'web', 0), title: 'Connections that are refused' };
  expect(text(diagnosis([cause, symptom]), { width: 80 })).toEqual([
    '1 critical problem: web, sampled for 10s, 1 rule checked.',
    '',
    'CRITICAL  A pool with an idle cap and without an open cap: db:mysql',
    '  (POOL_IDLE_CAP_ONLY, confidence: high)',
    '  Where: web, since at least 00:00:04 (6s)',
    '    established connections to db:mysql, the highest peak: 257',
    '    flat floor that it fell back to: 50',
    '    open files: 83%',
    '  Fix (Go database/sql): SetMaxOpenConns is the cap, and its default is',
    '    unlimited: set it and SetMaxIdleConns to the same number',
    '      db.SetMaxOpenConns(50)',
    '      db.SetMaxIdleConns(50)',
    '  Verify: socklens doctor web --pool db:3306=50 --rule POOL_OVERRUN',
    '  Symptoms:',
    '    Connections that are refused (REFUSED_BY_SERVER)',
    '',
    'not checked, needs more time: CONN_CHURN, CONNECT_REFUSED (--for 1m),',
    '  FD_LEAK_BY_TYPE (--for 10m)',
  ]);
});

describe('--severity', () => {
  test('leaves out what is below, counts it, and keeps causes right', () => {
    const all = [
      finding('CAUSE', 'warning', 'a'),
      finding('EFFECT', 'critical', 'a', 0),
      finding('ROOT', 'critical', 'b'),
      finding('SYMPTOM', 'critical', 'b', 2),
      finding('FACT', 'info', 'b'),
    ];
    const kept = diagnosis(all, ['web'], 'critical');
    expect(kept.findings.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
      ['EFFECT', undefined],
      ['ROOT', undefined],
      ['SYMPTOM', 1],
    ]);
    expect(kept.problems.map(({ rule, symptoms }) => [rule, symptoms.length])).toEqual([
      ['ROOT', 1],
      ['EFFECT', 0],
    ]);
    expect(kept).toMatchObject({ healthy: false, leftOut: { warning: 1, info: 1 } });
    expect(diagnosis(all).findings).toEqual(all);
  });

  test('critical, where only warnings are: healthy, and the verdict says what is not shown', () => {
    const kept = diagnosis([finding('B', 'warning', 'web'), ...INFOS], ['web'], 'critical');
    expect(kept.healthy).toBe(true);
    expect(text(kept)[0]).toBe('Nothing critical found (1 warning not shown): web, sampled for 10s, 1 rule checked.');
  });
});
