/** The doctor's options and its configuration file, on a namespace with one listener and a few connections. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-doctor-'));
let netns: TestNetns;
let quiet: TestNetns;
let target: string;

beforeAll(async () => {
  netns = createNetns();
  quiet = createNetns();
  target = `netns:${netns.name}`;
  const server = await Workshop.start(netns);
  const client = await Workshop.start(netns);
  const listener = await server.tcpListener('127.0.0.1', 3306, 64);
  for (let made = 0; made < 12; made++) await client.connect(await client.socket(AF.INET, SOCK.STREAM), listener);
});

afterAll(() => {
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Runs the doctor for a moment, in a folder of its own or with a file that says this. */
function doctor(args: readonly string[], toml?: string) {
  const file = path.join(folder, 'given.toml');
  if (toml !== undefined) fs.writeFileSync(file, toml);
  const time = args.includes('--for') ? [] : ['--for', '1s'];
  return socklens(['doctor', ...time, ...args, ...(toml === undefined ? [] : ['--config', file])]);
}

function diagnosis(args: readonly string[], toml?: string): Diagnosis & { schema: number; target: string } {
  return JSON.parse(doctor([...args, '--json'], toml).stdout) as Diagnosis & { schema: number; target: string };
}

describe('targets and rules', () => {
  test('several targets are one diagnosis', () => {
    const found = diagnosis([target, `netns:${quiet.name}`, '--rule', 'POOL_OVERRUN', '--pool', '127.0.0.1:3306=5']);
    expect(found.targets).toEqual([target, `netns:${quiet.name}`]);
    expect(found.target).toBe(found.targets.join(','));
    expect(found.findings).toMatchObject([{ rule: 'POOL_OVERRUN', severity: 'critical', scope: { kind: 'process' } }]);
    expect(found.rules).toMatchObject([{ rule: 'POOL_OVERRUN', judged: true, findings: 1 }]);
    expect(found.healthy).toBe(false);
  });

  test('--rule takes several and any case, --skip takes away', () => {
    const names = (args: string[]) => diagnosis([target, ...args]).rules.map(({ rule }) => rule);
    expect(names(['--rule', 'orphans,pool_overrun', '--rule', 'EVENT_LOSS']).sort()).toEqual(
      ['EVENT_LOSS', 'ORPHANS', 'POOL_OVERRUN'].sort(),
    );
    const all = names([]);
    expect(names(['--skip', 'ORPHANS'])).toEqual(all.filter((name) => name !== 'ORPHANS'));
  });

  test('a rule whose window is longer than the observation is reported as not judged', () => {
    const { rules } = diagnosis([target, '--rule', 'CONN_CHURN']);
    expect(rules).toEqual([
      { rule: 'CONN_CHURN', judged: false, needsMs: 10_000, tookMs: expect.any(Number), findings: 0 },
    ]);
    expect(doctor([target, '--rule', 'CONN_CHURN']).stdout).toContain(
      'not checked, needs more time: CONN_CHURN (--for 10s)',
    );
  });
});

describe('a finding that is ignored on purpose', () => {
  const pool = () => [target, '--rule', 'POOL_OVERRUN', '--pool', '127.0.0.1:3306=5'];
  const entry = (until: string) =>
    `[[ignore]]\nrule = "POOL_OVERRUN"\ntarget = "netns:*"\nuntil = ${until}\nwhy = "it is replaced in March"\n`;

  test('is left out of the text, the JSON and the status, and counted', () => {
    const { status, stdout } = doctor(pool(), entry('2999-03-01'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^No problems found \(1 finding ignored\): /);
    expect(stdout).not.toContain('POOL_OVERRUN');
    expect(diagnosis(pool(), entry('2999-03-01'))).toMatchObject({
      healthy: true,
      problems: [],
      findings: [],
      ignored: [{ rule: 'POOL_OVERRUN', until: '2999-03-01T00:00:00.000Z', expired: false, findings: 1 }],
    });
  });

  test('is listed with its reason by --all', () => {
    const { stdout } = doctor([...pool(), '--all'], entry('2999-03-01'));
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'ignored: POOL_OVERRUN of netns:*, until 2999-03-01: it is replaced in March (1 finding, in ',
    );
  });

  test('is back when its time is over, and the report says why', () => {
    const { status, stdout } = doctor(pool(), entry('2020-03-01'));
    expect(status).toBe(1);
    expect(stdout).toContain('no longer ignored: POOL_OVERRUN of netns:*, until 2020-03-01: it is replaced in March');
  });
});

describe('usage errors are one line, status 2', () => {
  test.each([
    [['--set', 'POOL_OVERRUN.stock'], 'write RULE.setting=value'],
    [['--set', 'NO_RULE.a=1'], 'no rule "NO_RULE"'],
    [['--set', 'POOL_OVERRUN.stuck=1'], 'POOL_OVERRUN has no setting "stuck"; its settings: '],
    [['--set', 'POOL_OVERRUN.stock=many'], 'invalid value "many"; write a number'],
    [['--set', 'POOL_OVERRUN.historyMs=5x'], 'write 500ms, 60s, 5m or 1h'],
    [['--rule', 'NO_RULE'], 'no rule "NO_RULE"'],
    [['--skip', 'NO_RULE'], 'no rule "NO_RULE"'],
    [['--pool', 'db=50'], 'write HOST:PORT=NUMBER'],
    [['--server-limit', 'db:3306'], 'write HOST:PORT=NUMBER'],
    [['--config', '/no/such/file'], '/no/such/file: cannot be read (ENOENT)'],
  ])('%j', (args, text) => {
    const { status, stdout, stderr } = doctor([target, ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(text);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    ['[doctor\n', 'given.toml: '],
    ['[doctor]\nrule = 1\n', 'given.toml: doctor.rule'],
    ['[doctor.rules.NO_RULE]\na = 1\n', 'given.toml: no rule "NO_RULE"'],
    ['[[ignore]]\nrule = "NO_RULE"\nwhy = "x"\n', 'given.toml: ignore: no rule "NO_RULE"'],
    ['[doctor.rules.POOL_OVERRUN]\nstuck = 1\n', 'POOL_OVERRUN has no setting "stuck"'],
    ['[doctor.rules.POOL_OVERRUN]\nstock = "many"\n', 'invalid value "many"'],
    ['[pools]\n"db:3306" = "fifty"\n', 'given.toml: pools'],
    ['[pools]\n"db" = 50\n', 'write HOST:PORT=NUMBER'],
    ['[server-limits]\n"db:3306" = 0\n', 'given.toml: server-limits'],
  ])('socklens.toml: %j', (toml, text) => {
    const { status, stderr } = doctor([target], toml);
    expect(status).toBe(2);
    expect(stderr).toContain(text);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('socklens.toml', () => {
  test('thresholds and windows; the command line wins', () => {
    const toml = '[doctor.rules.POOL_OVERRUN]\nstock = 10\n';
    const only = ['--rule', 'POOL_OVERRUN'];
    expect(diagnosis([target, ...only]).findings).toEqual([]);
    expect(diagnosis([target, ...only], toml).findings).toMatchObject([{ severity: 'warning' }]);
    expect(diagnosis([target, ...only, '--set', 'POOL_OVERRUN.stock=13'], toml).findings).toEqual([]);
    const shorter = '[doctor.rules.CONN_CHURN]\nwindowMs = "500ms"\n';
    // Time for several snapshots, on a busy machine too.
    expect(diagnosis([target, '--for', '4s', '--rule', 'CONN_CHURN'], shorter).rules).toMatchObject([
      { judged: true, needsMs: 500 },
    ]);
  });

  test('pools and server limits', () => {
    const pool = diagnosis([target, '--rule', 'POOL_OVERRUN'], '[pools]\n"127.0.0.1:3306" = 11\n');
    expect(pool.findings).toMatchObject([{ severity: 'critical', summary: expect.stringContaining('12 connections') }]);
    const limit = diagnosis([target, '--rule', 'POOL_OVERRUN'], '[server-limits]\n"127.0.0.1:3306" = 14\n');
    expect(limit.findings).toMatchObject([{ severity: 'warning' }]);
    expect(diagnosis([target, '--rule', 'POOL_OVERRUN'], '[pools]\n"127.0.0.1:3306" = 12\n').healthy).toBe(true);
  });

  test('skip and for, from the working folder', () => {
    fs.writeFileSync(path.join(folder, 'socklens.toml'), '[doctor]\nfor = "500ms"\nskip = ["ORPHANS"]\n');
    const { status, stdout } = socklens(['doctor', target, '--json'], {}, [
      'sh',
      '-c',
      `cd ${folder} && exec "$@"`,
      path.basename(LAUNCHER),
    ]);
    expect(status).toBe(0);
    const { from, to, rules } = JSON.parse(stdout) as { from: string; to: string; rules: { rule: string }[] };
    expect(rules.map(({ rule }) => rule)).not.toContain('ORPHANS');
    // Less than the ten seconds without the file, however busy the machine is.
    expect(Date.parse(to) - Date.parse(from)).toBeLessThan(10_000);
  });
});

test.each(['docs/doctor.md', 'docs/configuration.md'])('the socklens.toml of %s is understood', (page) => {
  const toml = /```toml\n(.*?)```/s.exec(fs.readFileSync(page, 'utf8'))?.[1] ?? '';
  expect(toml).toContain('[server-limits]');
  const rules = diagnosis([target, '--rule', 'CLOSE_WAIT_LEAK,HOST_NETWORK'], toml).rules.map(({ rule }) => rule);
  expect(rules).toEqual(['CLOSE_WAIT_LEAK']);
});

test('a socklens.toml that others may write is refused in one line, and read when it is named', () => {
  const shared = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'socklens-shared-'));
  const run = (...args: string[]) =>
    socklens(['doctor', target, '--for', '500ms', ...args], {}, ['sh', '-c', `cd ${shared} && exec "$@"`, 'sh']);
  try {
    fs.writeFileSync(`${shared}/socklens.toml`, '[doctor]\nskip = ["ORPHANS"]\n');
    fs.chmodSync(shared, 0o1777);
    const refused = run();
    expect(refused.status).toBe(2);
    expect(refused.stderr).toBe(
      `socklens: refusing to read socklens.toml from the working folder: the folder ${shared} is writable by everyone (mode 1777; run chmod o-w ${shared}); pass --config socklens.toml to read it anyway\n`,
    );
    expect(run('--config', 'socklens.toml').status).toBe(0);
  } finally {
    fs.rmSync(shared, { recursive: true });
  }
});

test('with --json all is there that docs/doctor.md names', () => {
  const found = diagnosis([target, '--pool', '127.0.0.1:3306=5', '--rule', 'POOL_OVERRUN']);
  expect(Object.keys(found).sort()).toEqual(
    ['schema', 'target', 'targets', 'from', 'to', 'problems', 'findings', 'rules', 'coverage', 'healthy'].sort(),
  );
  const [finding] = found.findings;
  expect(Object.keys(finding ?? {}).sort()).toEqual(
    [
      'rule',
      'severity',
      'confidence',
      'scope',
      'summary',
      'evidence',
      'fixes',
      'byHand',
      'since',
      'about',
      'server',
    ].sort(),
  );
  expect(Object.keys(found.problems[0] ?? {}).sort()).toEqual(
    [
      ...['rule', 'title', 'severity', 'confidence', 'about', 'places', 'numbers', 'fix', 'verify', 'causes'],
      'symptoms',
      'since',
    ].sort(),
  );
  expect(Object.keys(found.rules[0] ?? {}).sort()).toEqual(['rule', 'judged', 'needsMs', 'tookMs', 'findings'].sort());
});

describe('reports', () => {
  const found = ['--pool', '127.0.0.1:3306=5', '--rule', 'POOL_OVERRUN'];

  test('--report writes the problems as Markdown and as a page without scripts, and refuses another extension', () => {
    const files = ['r.md', 'r.html'].map((name) => path.join(folder, name));
    const { status, stdout } = doctor([target, ...found, ...files.flatMap((file) => ['--report', file])]);
    expect(status).toBe(1);
    const [markdown = '', page = ''] = files.map((file) => fs.readFileSync(file, 'utf8'));
    for (const text of [stdout, markdown, page]) {
      expect(text).toContain('A pool with more connections than its cap or its share of the server');
      expect(text).toMatch(/maximum over the snapshots: 12\b/);
      expect(text).toContain('Verify: ');
    }
    expect(page).not.toMatch(/<script|https?:\/\//);
    const other = doctor([target, ...found, '--report', 'r.pdf']);
    expect(other).toEqual({
      status: 2,
      stdout: '',
      stderr: 'socklens: --report r.pdf: the extension chooses the format: .html or .md\n',
    });
  });

  test('what Verify prints finds the same while the fault is there', () => {
    const [problem] = diagnosis([target, ...found]).problems;
    const [program, ...words] = problem?.verify.split(' ') ?? [];
    expect(program).toBe('socklens');
    expect(socklens([...words, '--for', '1s', '--quiet'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^1 critical problem: /),
    });
  });

  test('--verbose adds the findings; --quiet prints the verdict only', () => {
    const usual = doctor([target, ...found]).stdout;
    const verbose = doctor([target, ...found, '--verbose']).stdout;
    expect(usual).not.toContain('count in each snapshot');
    expect(verbose).toMatch(/count in each snapshot: [\d ]+ {2}\[sock_diag\]/);
    expect(verbose).toContain('By hand: socklens ls');
    expect(doctor([target, ...found, '--quiet']).stdout.split('\n')).toHaveLength(2);
  });

  test('--redact: the name of the namespace is in none of the output', () => {
    const { status, stdout } = doctor([target, ...found, '--redact', '--verbose']);
    expect(status).toBe(1);
    expect(stdout).not.toContain(netns.name);
    expect(stdout).toMatch(/12 connections of one process to localhost:mysql/);
  });

  test('--ndjson: a line for the diagnosis, one for each problem and each finding', () => {
    const lines = doctor([target, ...found, '--ndjson'])
      .stdout.trimEnd()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'diagnosis',
      'problem',
      'finding',
    ]);
  });
});
