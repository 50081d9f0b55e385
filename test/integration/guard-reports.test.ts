/** The reports of a guard as others read them: a browser, Python's XML, and socklens itself. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuardReport } from '../../src/model/report/guard.ts';
import { openPage, whyNoBrowser } from '../support/browser.ts';
import { socklens } from '../support/cli.ts';
import { Guard, type GuardEnd } from '../support/guard.ts';
import { createNetns, nodeProgram, type TestNetns, until } from '../support/netns.ts';

/** A process name with markup of every format and an escape sequence. */
const HOSTILE = '<img src=x onerror=alert(1)>&"\'\u001b[31m|*_`]]>--‮x';
const CONNECTIONS = 9;
const PORT = 3999;

/** A service with connections to itself; one of them is closed at each line on stdin. */
const SERVICE = `
const net = require('node:net');
const clients = [];
const server = net.createServer(() => {}).listen(${PORT}, '127.0.0.1', () => {
  for (let n = 0; n < ${CONNECTIONS}; n++) clients.push(net.connect(${PORT}, '127.0.0.1', () => {
    if (clients.every((client) => client.readyState === 'open') && clients.length === ${CONNECTIONS}) console.log('ready');
  }));
});
process.stdin.on('data', (orders) => orders.forEach(() => clients.pop()?.end()));`;

let netns: TestNetns;
let folder: string;
let end: GuardEnd;
let report: GuardReport;

beforeAll(async () => {
  netns = createNetns();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-guard-'));
  const program = path.join(folder, HOSTILE);
  fs.symlinkSync(fs.realpathSync(nodeProgram()), program);
  const service = netns.spawn(program, ['-e', SERVICE], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  service.stdout?.on('data', (piece) => {
    said += piece;
  });
  await until('the service', () => said.includes('ready'));
  const budgets = [`peak(dst :${PORT} and state established) <= 5`, 'peak(all) <= 1000', 'drain(all, 1h) = 0'];
  const guard = await Guard.start(
    `netns:${netns.name}`,
    budgets.flatMap((text) => ['--budget', text]),
  );
  await guard.samples(3);
  for (let n = 0; n < 3; n++) service.stdin?.write('x');
  await guard.samples(3);
  // The third budget cannot be judged then.
  guard.signal('SIGINT');
  end = await guard.end();
  if (end.report === undefined) throw new Error(end.stderr);
  report = end.report;
});
afterAll(() => {
  netns?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('guard: reports', () => {
  it('JSON: the numbers are those of the service, whose process name has control characters', () => {
    expect(report.budgets[0]?.worst).toMatchObject({ value: CONNECTIONS });
    expect(report.budgets[0]?.worst?.who[0]?.name).toContain('<img src=x');
    expect(report.states[0]?.states.ESTABLISHED?.[0]).toBe(2 * CONNECTIONS);
    expect(report.budgets.map(({ verdict }) => verdict)).toEqual(['broken', 'held', 'not judged', 'held']);
  });

  it('text: control characters of a process name do not reach the terminal', () => {
    expect(end.stderr).toContain('<img src=x onerror=alert(1)>');
    expect(end.stderr).not.toContain('\u001b');
    expect(end.stderr).not.toContain('\u202e');
  });

  it('JUnit: Python reads the XML', () => {
    const file = path.join(folder, 'r.xml');
    fs.writeFileSync(file, end.file('xml'));
    const script = `
import json, sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot().find('testsuite')
cases = [[case.get('name'), [child.tag for child in case], [child.get('message') or child.text for child in case]] for case in suite]
print(json.dumps({'tests': suite.get('tests'), 'failures': suite.get('failures'), 'errors': suite.get('errors'), 'cases': cases}))`;
    const seen = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
    expect([seen.tests, seen.failures, seen.errors]).toEqual(['5', '1', '2']);
    expect(seen.cases.map(([name, tags]: [string, string[]]) => `${name}: ${tags}`)).toEqual([
      `peak(dst :${PORT} and state established) <= 5: failure`,
      'peak(all) <= 1000: system-out',
      'drain(all, 1h) = 0: error',
      'findings(TARGET_GONE) = 0: system-out',
      expect.stringMatching(/^the command: sh -c .*: error$/),
    ]);
    expect(seen.cases[0][2][0]).toMatch(/^9 at .*<img src=x onerror=alert\(1\)>&"'\\x1b\[31m/);
  });

  it('Markdown: the name is text, and each row of the table is one', () => {
    const text = end.file('md');
    expect(text).not.toContain('<img');
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(2 + report.budgets.length);
    for (const row of rows) expect(row.split('|')).toHaveLength(5);
  });

  it('compare: two runs side by side', () => {
    const before = path.join(folder, 'before.json');
    const after = path.join(folder, 'after.json');
    fs.writeFileSync(before, JSON.stringify(report));
    const [broken, ...others] = report.budgets;
    const fixed = {
      ...report,
      budgets: [{ ...broken, verdict: 'held', worst: { ...broken?.worst, value: 4 } }, ...others],
    };
    fs.writeFileSync(after, JSON.stringify(fixed));
    const text = socklens(['compare', before, after]);
    expect(text).toMatchObject({ status: 0, stderr: '' });
    expect(text.stdout).toMatch(
      /better {2}peak\(dst :3999 and state established\) <= 5 +9 broken +4 held +-5 \(-56%\)/,
    );
    const json = JSON.parse(socklens(['compare', before, after, '--json']).stdout);
    expect(json.measures[0]).toMatchObject({
      before: 9,
      after: 4,
      heldBefore: false,
      heldAfter: true,
      change: 'better',
    });
    expect(json.worse).toBe(false);
    expect(text.stdout).toMatch(/^Nothing got worse\.\n/);
    expect(socklens(['compare', before, after, '--fail-on', 'worse']).status).toBe(0);
    const worse = socklens(['compare', after, before, '--fail-on', 'worse']);
    expect(worse).toMatchObject({ status: 1, stderr: '' });
    expect(worse.stdout).toMatch(/^Worse: 1 measure\.\n/);
    expect(socklens(['compare', after, before]).status).toBe(0);
    expect(socklens(['compare', after, before, '--fail-on', 'bad'])).toMatchObject({
      status: 2,
      stderr: 'socklens: --fail-on: "bad" is not possible; write --fail-on worse\n',
    });
  });

  it.each([
    ['{"type":"guard"', 'not a JSON document'],
    ['{"schema":1,"type":"guard","budgets":7}', 'not a socklens guard report'],
    ['{"schema":2,"type":"guard"}', 'not a socklens guard report'],
    ['', 'nor a JSON report'],
    ['hello', 'nor a JSON report'],
  ])('compare refuses %j in one line', (content, message) => {
    const file = path.join(folder, 'damaged.json');
    fs.writeFileSync(file, content);
    const { status, stderr } = socklens(['compare', file, file]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

const noBrowser = whyNoBrowser();

describe('guard: the HTML report in a browser', () => {
  if (noBrowser !== undefined) return it.skip(`browser: ${noBrowser}`, () => {});

  it('shows the numbers and the chart, and loads nothing', () => {
    const page = end.file('html');
    expect(page).not.toMatch(/<script|\bsrc=["']|\bhref=|url\(|@import/);
    const { dom, picture } = openPage(page, { height: 3200 });
    expect(dom).not.toMatch(/<img/);
    // The browser's document has the markup as escaped text.
    expect(dom).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;');
    const cells = (row: string) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map((match) => match[1] ?? '');
    const rows = [...dom.matchAll(/<tr>(<td.*?)<\/tr>/g)].map((match) => cells(match[1] ?? ''));
    expect(rows.map(([verdict]) => verdict)).toEqual(['broken', 'held', 'not judged', 'held']);
    expect(rows[0]?.[2]).toBe('&lt;= 5');
    expect(rows[0]?.[3]).toMatch(/^9 at /);

    // The line of the first budget, read back by the numbers at the axis.
    const chart = /<section class="budget">.*?<\/section>/s.exec(dom)?.[0] ?? '';
    const ticks = [...chart.matchAll(/<text class="tick" x="50" y="([\d.]+)"[^>]*>(\d+)</g)].map((match) => ({
      y: Number(match[1]) - 4,
      value: Number(match[2]),
    }));
    const [zero, one] = ticks;
    if (zero === undefined || one === undefined) throw new Error(`no axis in ${chart}`);
    const valueAt = (y: number) => zero.value + ((y - zero.y) / (one.y - zero.y)) * (one.value - zero.value);
    const points = (/<polyline[^>]* points="([^"]+)"/.exec(chart)?.[1] ?? '')
      .split(' ')
      .map((point) => point.split(',').map(Number));
    const drawn = points.map(([, y]) => Math.round(valueAt(y ?? 0)));
    expect(drawn).toEqual(report.budgets[0]?.lines[0]?.values);
    expect(drawn[0]).toBe(CONNECTIONS);
    expect(drawn.at(-1)).toBe(CONNECTIONS - 3);

    // The colours of the first state, and of a bound, are to be seen.
    const colours = new Map<number, number>();
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) colours.set(picture.at(x, y), (colours.get(picture.at(x, y)) ?? 0) + 1);
    }
    expect(colours.get(0x2f6fde) ?? 0).toBeGreaterThan(10_000);
    expect(colours.get(0xc0262d) ?? 0).toBeGreaterThan(200);
    expect(picture.at(2, 2)).toBe(0xffffff);
  });

  it('is dark where the reader’s system is', () => {
    const { picture } = openPage(end.file('html'), { height: 800, dark: true });
    expect(picture.at(2, 2)).toBe(0x14171a);
  });
});
