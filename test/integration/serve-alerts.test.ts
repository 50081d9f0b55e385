/** Alerts of `socklens serve`: real sockets, a real receiver, restarts, and receivers that misbehave. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AlertsAnswer, Notice, ProblemsAnswer } from '../../src/serve/protocol.ts';
import { type AlertReceiver, alertReceiver } from '../support/alert-receiver.ts';
import { LAUNCHER } from '../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { type Population, populate } from '../support/page/population.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';

/** A wait for a state that comes by itself, on a machine that is busy, milliseconds. */
const LONG = 240_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-alerts-test-'));
let netns: TestNetns;
let population: Population;
let receiver: AlertReceiver;
let serve: ServeRun | undefined;

beforeAll(async () => {
  netns = createNetns();
  population = await populate(netns);
});
beforeEach(async () => {
  receiver = await alertReceiver();
  await population.order({ port: 8080, open: 20, closing: 0 });
});
afterEach(async () => {
  await serve?.stop();
  serve = undefined;
  await receiver.close();
});
afterAll(() => {
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A configuration with receivers, in which a leak is seen at once. */
function configure(receivers: string): string {
  const file = path.join(fs.mkdtempSync(path.join(folder, 'config-')), 'socklens.toml');
  const rules = '[doctor.rules.CLOSE_WAIT_LEAK]\nminAgeMs = "1s"\n';
  fs.writeFileSync(file, `${rules}[serve]\nexternal-url = "https://page.example/socklens/"\n${receivers}`);
  return file;
}

function secret(text: string): string {
  const file = path.join(fs.mkdtempSync(path.join(folder, 'secret-')), 'secret');
  fs.writeFileSync(file, `${text}\n`, { mode: 0o600 });
  return file;
}

async function start(config: string, data: string): Promise<ServeRun> {
  serve = await startServe([`netns:${netns.name}`, '--config', config], { data });
  return serve;
}

/** Connections that the client has closed, and the server not: critical from 100 on. */
const leak = () => population.order({ port: 8080, open: 150, closing: 120 });
const mended = () => population.order({ port: 8080, open: 20, closing: 0 });

/** Texts of notices, as a page receives them. */
function noticesOf({ origin, token }: ServeRun): string[] {
  const texts: string[] = [];
  const authorization = `Bearer ${token}`;
  const read = async () => {
    const { body } = await fetch(`${origin}/api/v1/stream`, { headers: { authorization } });
    let text = '';
    for await (const piece of body ?? []) {
      text += Buffer.from(piece).toString();
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        if (!event.startsWith('event: notice')) continue;
        const notices = JSON.parse(event.replace(/^[\s\S]*?\ndata: /, '')) as Notice[];
        texts.push(...notices.map((notice) => notice.text));
      }
    }
  };
  // The stream ends with its serve.
  read().catch(() => undefined);
  return texts;
}

/** The command line, beside a receiver in this process. */
async function socklensAsync(args: readonly string[]) {
  const run = promisify(execFile)(LAUNCHER, args, { encoding: 'utf8' });
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  return { status: run.child.exitCode, stdout, stderr };
}

const alertsOf = async (run: ServeRun) => ((await run.ask('alerts')) as AlertsAnswer).receivers;

describe('serve: alerts', () => {
  it('fire and resolve, once each, over a restart that was a kill, with incident, numbers and fix', async () => {
    const data = fs.mkdtempSync(path.join(folder, 'data-'));
    const authorization = secret('Bearer very-secret-token');
    const config = configure(
      `[[alerts]]\nname = "hook"\ntype = "webhook"\nurl = "${receiver.url}/hook"\nwait = "1s"\ninterval = "1s"\nauthorization-file = "${authorization}"\n`,
    );
    let run = await start(config, data);
    await leak();
    const first = await until('the alert', () => receiver.received[0], LONG);
    expect(first).toMatchObject({
      path: '/hook',
      headers: { authorization: 'Bearer very-secret-token', 'content-type': 'application/json' },
      json: {
        version: '4',
        status: 'firing',
        receiver: 'hook',
        groupLabels: { alertname: 'CLOSE_WAIT_LEAK', host: os.hostname() },
        externalURL: 'https://page.example/socklens',
        truncatedAlerts: 0,
        alerts: [{ status: 'firing', endsAt: '0001-01-01T00:00:00Z' }],
      },
    });
    const [alert] = first.json.alerts;
    expect(alert.labels).toMatchObject({ container: `netns:${netns.name}`, severity: 'critical', job: 'socklens' });
    const { problems: known } = (await run.ask('problems')) as ProblemsAnswer;
    const problem = known.find(({ rule }) => rule === 'CLOSE_WAIT_LEAK');
    expect(alert.generatorURL).toBe(`https://page.example/socklens/#/problems/${problem?.id}`);
    const [incident] = ((await run.ask('incidents')) as { incidents: { id: string }[] }).incidents;
    expect(alert.annotations.incident_url).toBe(`https://page.example/socklens/#/incidents/${incident?.id}`);
    expect(alert.annotations.summary).toContain(`on ${os.hostname()}`);
    // As many as the test made.
    expect(alert.annotations.description).toContain('120');
    expect(alert.annotations.fix).toMatch(/\S/);

    const told = JSON.stringify(await alertsOf(run));
    expect(told).not.toContain('very-secret');
    expect(JSON.parse(told)).toMatchObject([
      { name: 'hook', type: 'webhook', to: new URL(receiver.url).host, sent: 1, failed: 0, refused: 0 },
    ]);
    await until('what was told on the disk', () => fs.existsSync(path.join(data, 'alerts.json')));
    await run.stop('SIGKILL');
    run = await start(config, data);
    // The new process has judged, and knows that it was told.
    await until('the alert as told', async () => (await alertsOf(run))[0]?.alerts[0]?.state === 'firing', LONG);
    const open = async () => {
      const { atMs, problems } = (await run.ask('problems')) as ProblemsAnswer;
      const isOpen = problems.some(
        ({ rule, resolvedAtMs }) => rule === 'CLOSE_WAIT_LEAK' && resolvedAtMs === undefined,
      );
      return isOpen ? atMs : 0;
    };
    const foundMs = await until('the problem again', async () => (await open()) || undefined, LONG);
    await until('later judgements', async () => (await open()) > foundMs + 20_000, LONG);
    // A start is no end, and no other beginning.
    expect(receiver.received.length).toBe(1);
    await mended();
    await until('the end', () => receiver.received.some(({ json }) => json.status === 'resolved'), LONG);
    const statuses = receiver.received.map(({ json }) => json.status);
    expect(statuses).toEqual(['firing', 'resolved']);
    expect(receiver.received[1]?.json.alerts[0]).toMatchObject({ status: 'resolved', labels: alert.labels });
    expect(fs.readFileSync(path.join(data, 'alerts.json'), 'utf8')).not.toContain('very-secret');
  }, 900_000);

  it('are tried again after errors, counted and said on the page without the secret address', async () => {
    const data = fs.mkdtempSync(path.join(folder, 'data-'));
    const url = secret(`${receiver.url}/services/T00000000/B00000000/secretsecretsecret`);
    const config = configure(`[[alerts]]\nname = "chat"\ntype = "slack"\nurl-file = "${url}"\nwait = "0s"\n`);
    receiver.answer = ({ path: at }, response) => {
      const isFirst = receiver.received.length === 1;
      response.writeHead(isFirst ? 429 : 500, isFirst ? { 'Retry-After': '3' } : {}).end(`no service at ${at}`);
    };
    const run = await start(config, data);
    const notices = noticesOf(run);
    await leak();
    const [first, second] = await until('two attempts', () => receiver.received.length > 1 && receiver.received, LONG);
    // The clock of the timer may run a little ahead.
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(2900);
    const notice = await until('the notice', () => notices.find((text) => text.includes('do not reach chat')), LONG);
    expect(notice).toContain('status 500: no service at …');
    expect(notice).not.toContain('secretsecret');
    expect(JSON.stringify(await alertsOf(run))).not.toMatch(/secretsecret|T0000/);
    receiver.answer = (_, response) => response.end('ok');
    const [state] = await until(
      'the alert',
      async () => {
        const answer = await alertsOf(run);
        return answer[0]?.sent === 1 && answer;
      },
      LONG,
    );
    expect(state).toMatchObject({ alerts: [{ state: 'firing' }] });
    expect(state?.failed).toBeGreaterThanOrEqual(3);
    expect(state?.error).toBeUndefined();
    expect(run.output()).not.toContain('secretsecret');
  }, 900_000);

  it('--test-alert sends one to that receiver, and says what became of it', async () => {
    const url = secret(`${receiver.url}/services/T00000000/secretsecretsecret`);
    const config = configure(
      `[[alerts]]\nname = "chat"\ntype = "slack"\nurl-file = "${url}"\n[[alerts]]\nname = "pager"\ntype = "ntfy"\nurl = "${receiver.url}/topic"\n[[alerts]]\nname = "other"\ntype = "discord"\nurl-env = "SOCKLENS_TEST_NONE"\n`,
    );
    const data = fs.mkdtempSync(path.join(folder, 'data-'));
    const test = (name: string) => socklensAsync(['serve', '--config', config, '--data', data, '--test-alert', name]);
    const { host } = new URL(receiver.url);
    expect(await test('chat')).toEqual({ status: 0, stdout: `chat (${host}) took the test alert.\n`, stderr: '' });
    expect(await test('pager')).toMatchObject({ status: 0 });
    expect(receiver.received.map(({ path: at }) => at)).toEqual(['/services/T00000000/secretsecretsecret', '/']);
    expect(receiver.received[1]?.json).toMatchObject({ topic: 'topic', title: 'Info: Test alert of socklens' });
    expect(await test('none')).toMatchObject({ status: 2, stderr: expect.stringContaining('chat, pager, other') });
    receiver.answer = (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end();
    const refused = await test('chat');
    expect(refused).toMatchObject({ status: 74, stderr: expect.stringContaining('it redirects (302)') });
    expect(refused.stderr).not.toContain('secretsecret');
    fs.chmodSync(url, 0o644);
    expect(await test('chat')).toMatchObject({ status: 2, stderr: expect.stringContaining('others may read it') });
    expect(fs.readdirSync(data)).toEqual([]);
  }, 300_000);
});
