/** The doctor's text: the verdict first, `info` in one line, severities, colours. */
import { describe, expect, test } from 'vitest';
import { atSeverity } from '../../../src/doctor/at-severity.ts';
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

function diagnosis(findings: readonly Finding[], targets: readonly string[] = ['web']): Diagnosis {
  return {
    from: new Date(0),
    to: new Date(10_000),
    targets,
    findings,
    rules: [
      { rule: 'CLOSE_WAIT_LEAK', judged: true, needsMs: 0, findings: 0 },
      { rule: 'FD_LEAK_BY_TYPE', judged: false, needsMs: 600_000, findings: 0 },
      { rule: 'CONN_CHURN', judged: false, needsMs: 60_000, findings: 0 },
      { rule: 'CONNECT_REFUSED', judged: false, needsMs: 60_000, findings: 0 },
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

  test('the verdict comes first and counts each severity; the findings follow', () => {
    const lines = text(diagnosis([finding('A', 'critical', 'web'), finding('B', 'warning', 'web', 0), ...INFOS]));
    expect(lines[0]).toBe('1 critical problem, 1 warning: web, sampled for 10s, 1 rule checked.');
    expect(lines.slice(1, 3)).toEqual(['', 'CRITICAL  A  web  (confidence: high)']);
    expect(lines).toContain('  caused by A web: A of web');
    expect(lines.filter((line) => line.startsWith('INFO'))).toEqual([]);
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
    expect(coloured).toContain('\x1b[1;31mCRITICAL\x1b[0m  A');
    expect(coloured).toContain('\x1b[33mWARNING\x1b[0m  B');
    expect(coloured).not.toContain('\x1b[31mx');
    expect(text(found).join('\n')).not.toContain('\x1b');
  });
});

describe('--severity', () => {
  test('leaves out what is below, counts it, and keeps causes right', () => {
    const all = diagnosis([
      finding('CAUSE', 'warning', 'a'),
      finding('EFFECT', 'critical', 'a', 0),
      finding('ROOT', 'critical', 'b'),
      finding('SYMPTOM', 'critical', 'b', 2),
      finding('FACT', 'info', 'b'),
    ]);
    const kept = atSeverity(all, 'critical');
    expect(kept.findings.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
      ['EFFECT', undefined],
      ['ROOT', undefined],
      ['SYMPTOM', 1],
    ]);
    expect(kept).toMatchObject({ healthy: false, leftOut: { warning: 1, info: 1 } });
    expect(atSeverity(all, 'info')).toEqual(all);
  });

  test('critical, where only warnings are: healthy, and the verdict says what is not shown', () => {
    const kept = atSeverity(diagnosis([finding('B', 'warning', 'web'), ...INFOS]), 'critical');
    expect(kept.healthy).toBe(true);
    expect(text(kept)[0]).toBe('Nothing critical found (1 warning not shown): web, sampled for 10s, 1 rule checked.');
  });
});
