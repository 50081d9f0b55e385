/** Findings become problems: a cause with its symptoms and every place that shares it. */
import { describe, expect, test } from 'vitest';
import { inOrderOfProblems, problemsOf } from '../../../src/doctor/problems.ts';
import { Replicas } from '../../../src/doctor/replicas.ts';
import { tied } from '../../../src/doctor/tied.ts';
import type { Finding } from '../../../src/model/finding/finding.ts';
import type { WatchedContainer } from '../../../src/model/netns/netns.ts';
import { container, series, spaceSeries } from '../../support/series.ts';

const COMPOSE = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'webhook' };
const ECS = { 'com.amazonaws.ecs.task-definition-family': 'shop', 'com.amazonaws.ecs.container-name': 'webhook' };

let ids = 0;
const made = (name: string, parts: Partial<WatchedContainer> = {}) =>
  container({ name, id: String(++ids).padStart(64, 'a'), ...parts });
const declaredBy = (image: string, commandDigest: string) => ({
  declared: { limits: [], sysctls: {}, published: [], image, commandDigest },
});

interface Parts extends Partial<Omit<Finding, 'scope'>> {
  in?: string;
  pid?: number;
  value?: number;
  /** A named namespace and its process, in place of a container. */
  netns?: string;
}

function finding(rule: string, { in: name = 'webhook-1', pid = 1, value = 7, netns, ...parts }: Parts = {}): Finding {
  const inContainer = { target: name, container: name };
  return {
    rule,
    severity: 'critical',
    confidence: 'medium',
    summary: `${rule} ${value}`,
    evidence: [
      { what: 'connections', value, source: 'sock_diag' },
      { what: 'count in each snapshot', value: '1 2 3', source: 'sock_diag' },
      { what: 'cap', value: 50, source: '--pool' },
      { what: 'source', value: 'text', source: 'sock_diag' },
      { what: 'third', value: 1, source: 'sock_diag' },
    ],
    fixes: [
      { where: 'Go', text: `set it to ${value}` },
      { where: 'Node', text: 'set it' },
    ],
    byHand: 'by hand',
    about: 'peer db:mysql',
    scope: {
      kind: 'process',
      pid,
      ...(netns === undefined
        ? { name: `${name} ${pid}/app`, ...inContainer }
        : { name: `netns:${netns} ${pid}/${name}`, target: `netns:${netns}` }),
    },
    ...parts,
  };
}

function problems(
  findings: readonly Finding[],
  containers: readonly WatchedContainer[],
  others: readonly WatchedContainer[] = [],
) {
  const spaces = containers.map((one, index) => spaceSeries([{}], { netns: index, name: one.name, containers: [one] }));
  const replicas = new Replicas(series(spaces, { containers: [...containers, ...others] }));
  const ordered = tied(findings, replicas.keyOf);
  const declared = { pools: [{ endpoint: { host: 'db', port: 3306 }, cap: 50 }], serverLimits: [], replicas: [] };
  const ruleOf = (rule: string) => ({ title: `Title of ${rule}`, needsMs: rule === 'CONN_CHURN' ? 60_000 : 0 });
  return problemsOf(ordered, {
    replicas,
    declared,
    ruleOf: (rule) => (rule === 'TARGET_GONE' ? undefined : ruleOf(rule)),
  });
}

const four = (labels: Record<string, string>) => [1, 2, 3, 4].map((n) => made(`webhook-${n}`, { labels }));

describe('the founding incident', () => {
  const findings = [1, 2, 3, 4].flatMap((n) => [
    finding('POOL_OVERRUN', { in: `webhook-${n}`, pid: n, value: 100 + n }),
    finding('REFUSED_BY_SERVER', { in: `webhook-${n}`, pid: n, value: 10 * n }),
  ]);
  const idle = finding('POOL_IDLE_CAP_ONLY', { in: 'webhook-2', pid: 2, severity: 'warning', value: 129 });
  const limit = finding('LIMIT_MISMATCH', { in: 'webhook-1', pid: 1, severity: 'warning' });
  const { about: _about, ...lone } = limit;
  const near = finding('NOFILE_NEAR_LIMIT', { in: 'webhook-1', pid: 1, about: 'port 8080' });

  test('is two problems, each once for all replicas, with one fix and one command', () => {
    const found = problems([...findings, idle, lone, near], four(COMPOSE));
    expect(found).toMatchObject([
      {
        rule: 'POOL_IDLE_CAP_ONLY',
        title: 'Title of POOL_IDLE_CAP_ONLY',
        severity: 'critical',
        about: 'peer db:mysql',
        places: [
          {
            name: 'service webhook',
            targets: expect.arrayContaining(['webhook-1', 'webhook-2', 'webhook-3', 'webhook-4']),
            replicas: { affected: 4, examined: 4, running: 4 },
          },
        ],
        fix: { where: 'Go', text: 'set it to 129' },
        symptoms: [
          { rule: 'POOL_OVERRUN', findings: { length: 4 } },
          { rule: 'REFUSED_BY_SERVER', findings: { length: 4 } },
        ],
      },
      {
        rule: 'LIMIT_MISMATCH',
        severity: 'critical',
        places: [{ replicas: { affected: 1, examined: 4 }, targets: ['webhook-1'] }],
        symptoms: [{ rule: 'NOFILE_NEAR_LIMIT' }],
      },
    ]);
    expect(found[0]?.verify).toMatch(/^socklens doctor (webhook-\d ){4}--rule POOL_IDLE_CAP_ONLY --pool db:3306=50$/);
  });

  test('without the cause, in all replicas the same: one problem with the range of its numbers', () => {
    const [pool, ...others] = problems(findings, four(ECS));
    expect(others).toEqual([]);
    expect(pool).toMatchObject({
      rule: 'POOL_OVERRUN',
      causes: { length: 4 },
      places: [{ name: 'ECS container shop/webhook', replicas: { affected: 4 } }],
      numbers: [
        { what: 'connections', value: '101 to 104' },
        { what: 'cap', value: 50 },
        { what: 'third', value: 1 },
      ],
      // That of the worst.
      fix: { text: 'set it to 104' },
    });
  });

  test('a count of each snapshot is no number of a problem, also where there was one snapshot', () => {
    const evidence = [
      { what: 'count in each snapshot', value: '12', source: 'sock_diag' },
      { what: 'cap', value: 5, source: '--pool' },
    ];
    expect(problems([finding('POOL_OVERRUN', { evidence })], [made('webhook-1')])[0]?.numbers).toEqual([evidence[1]]);
    const [alone] = evidence;
    const [problem] = problems([finding('POOL_OVERRUN', { evidence: evidence.slice(0, 1) })], [made('webhook-1')]);
    expect(problem?.numbers).toEqual([alone]);
  });

  test('every finding is in one problem', () => {
    const all = [...findings, idle, lone, near];
    const found = problems(all, four(COMPOSE));
    const indexes = found.flatMap(({ causes, symptoms }) => [...causes, ...symptoms.flatMap((one) => one.findings)]);
    expect(indexes.sort((a, b) => a - b)).toEqual(all.map((_, index) => index));
  });
});

describe('places', () => {
  const two = (a: Parts, b: Parts) => [finding('POOL_OVERRUN', a), finding('POOL_OVERRUN', b)];
  const names = (found: ReturnType<typeof problems>) => found.map(({ places }) => places.map(({ name }) => name));

  test.each([
    ['one Compose service', { labels: COMPOSE }, { labels: COMPOSE }, [['service webhook']]],
    ['one image and one command', declaredBy('app:1', 'aa'), declaredBy('app:1', 'aa'), [['image app:1']]],
    ['one image and two commands', declaredBy('app:1', 'aa'), declaredBy('app:1', 'bb'), [['a 1/app'], ['b 2/app']]],
    [
      'two projects',
      { labels: COMPOSE },
      { labels: { ...COMPOSE, 'com.docker.compose.project': 'b' } },
      [['a 1/app'], ['b 2/app']],
    ],
    ['nothing in common', {}, {}, [['a 1/app'], ['b 2/app']]],
  ])('two containers of %s', (_title, first, second, expected) => {
    const findings = two({ in: 'a', pid: 1 }, { in: 'b', pid: 2 });
    expect(names(problems(findings, [made('a', first), made('b', second)]))).toEqual(expected);
  });

  test('replicas with another peer have another problem', () => {
    const findings = two({ in: 'webhook-1' }, { in: 'webhook-2', about: 'peer cache:6379' });
    expect(problems(findings, four(COMPOSE))).toHaveLength(2);
  });

  test('replicas that run and were not examined are counted', () => {
    const [examined, other] = [made('webhook-1', { labels: COMPOSE }), made('webhook-9', { labels: COMPOSE })];
    const second = made('webhook-2', { labels: COMPOSE });
    const [problem] = problems([finding('POOL_OVERRUN')], [examined, second], [other]);
    expect(problem?.places[0]?.replicas).toEqual({ affected: 1, examined: 2, running: 3 });
  });

  test('workers of one container are one place', () => {
    const [problem, ...others] = problems(two({ in: 'a', pid: 1 }, { in: 'a', pid: 2 }), [made('a')]);
    expect(others).toEqual([]);
    expect(problem?.places).toEqual([{ name: 'a', targets: ['a'], processes: 2 }]);
  });

  test('processes outside of containers: of one program with one fix, but for its numbers', () => {
    const web = (n: number, fix = `set it to ${n}`): Parts => ({
      netns: `web-${n}`,
      in: `webhook-${n}`,
      pid: n,
      fixes: [{ where: 'Go', text: fix }],
    });
    expect(problems(two(web(1), web(2)), [])).toMatchObject([
      { places: [{ name: 'program webhook', targets: ['netns:web-1', 'netns:web-2'] }] },
    ]);
    expect(problems(two(web(1), web(2, 'systemctl edit b.service')), [])).toHaveLength(2);
    expect(problems(two(web(1), { ...web(2), in: 'other' }), [])).toHaveLength(2);
  });

  test('what several containers have together is in all of them', () => {
    const scope = { kind: 'host', name: 'db:mysql', target: 'webhook-1,webhook-2' } as const;
    const [problem] = problems([{ ...finding('POOL_ARITHMETIC'), scope }], four(COMPOSE));
    expect(problem?.places).toMatchObject([
      { replicas: { affected: 2, examined: 4 }, targets: ['webhook-1', 'webhook-2'] },
    ]);
  });
});

describe('since, order and verification', () => {
  test('it lasts since the earliest time that any place proves', () => {
    const since = ['2026-01-01T00:00:05.000Z', '2026-01-01T00:00:02.000Z'];
    const findings = since.map((one, n) => finding('POOL_OVERRUN', { in: `webhook-${n + 1}`, pid: n, since: one }));
    expect(problems(findings, four(COMPOSE))[0]?.since).toBe(since[1]);
    expect(problems([finding('POOL_OVERRUN')], four(COMPOSE))[0]).not.toHaveProperty('since');
  });

  test('the worst problem is first, then the one with more findings', () => {
    const findings = [
      finding('A', { severity: 'warning', about: 'x' }),
      finding('B', { about: 'y' }),
      finding('POOL_OVERRUN'),
      finding('REFUSED_BY_SERVER'),
    ];
    expect(problems(findings, []).map(({ rule }) => rule)).toEqual(['POOL_OVERRUN', 'B', 'A']);
  });

  test('findings follow the order of their problems, and every index is of that order', () => {
    const findings = tied([
      finding('A', { severity: 'warning', about: 'x' }),
      finding('B', { about: 'y' }),
      finding('REFUSED_BY_SERVER', { value: 3 }),
      finding('POOL_OVERRUN', { value: 9 }),
    ]);
    const made = inOrderOfProblems(findings, problems(findings, []));
    expect(made.findings.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
      ['POOL_OVERRUN', undefined],
      ['REFUSED_BY_SERVER', 0],
      ['B', undefined],
      ['A', undefined],
    ]);
    expect(made.problems.map(({ causes, symptoms }) => [causes, symptoms.map((one) => one.findings)])).toEqual([
      [[0], [[1]]],
      [[2], []],
      [[3], []],
    ]);
  });

  test('a rule that needs a minute is verified in a minute; one with options of its own with these', () => {
    const evidence = [{ what: 'opened', value: 5, source: 'events' }];
    const verify = (rule: string, parts: Parts = {}) =>
      problems([finding(rule, { evidence, ...parts })], [])[0]?.verify;
    expect(verify('CONN_CHURN')).toBe('socklens doctor webhook-1 --rule CONN_CHURN --for 1m');
    expect(verify('A', { verifyWith: '--rule B' })).toBe('socklens doctor webhook-1 --rule B');
    // A finding that no rule made.
    expect(verify('TARGET_GONE')).toBe('by hand');
  });
});
