/** `socklens serve` as its users run it: its numbers against the kernel's, and what it does with bad clients. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryAnswer } from '../../src/serve/protocol/history.ts';
import type { OverviewAnswer, ProblemsAnswer } from '../../src/serve/protocol.ts';
import { unitText } from '../../src/serve/unit.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { type Population, populate } from '../support/page/population.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-serve-test-'));
let netns: TestNetns;
let population: Population;
let serve: ServeRun | undefined;
/** Of the last one. */
let data: string;

beforeAll(async () => {
  netns = createNetns();
  population = await populate(netns);
  await population.order({ port: 8080, open: 20, closing: 0 });
});
afterEach(async () => {
  await serve?.stop();
  serve = undefined;
});
afterAll(() => {
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Starts it for the namespace of this test, and waits for its first sample. */
async function start(...args: string[]): Promise<ServeRun> {
  data = fs.mkdtempSync(path.join(folder, 'data-'));
  const run = await startServe([`netns:${netns.name}`, ...args], { data });
  serve = run;
  await until('the first sample', async () => (await fetch(`${run.origin}/readyz`)).ok);
  return run;
}

function tokenOf({ link }: ServeRun): string {
  return new URL(link).hash.replace('#token=', '');
}

/** What `ss` counts by state. */
function truth(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of netns.run('ss', '-tanH').split('\n')) {
    const state = /^\S+/.exec(line)?.[0];
    if (state === undefined) continue;
    const name = { ESTAB: 'ESTABLISHED' }[state] ?? state.replace('FIN-WAIT-', 'FIN_WAIT').replaceAll('-', '_');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Sends bytes, and collects what comes back until the server closes or `isEnough`. */
async function raw(run: ServeRun, text: string, isEnough: (got: string) => boolean = () => false): Promise<string> {
  const { hostname, port } = new URL(run.origin);
  const socket = net.connect(Number(port), hostname);
  let got = '';
  let isOver = false;
  socket.on('data', (piece) => (got += piece.toString('latin1')));
  socket.on('error', () => (isOver = true));
  socket.on('close', () => (isOver = true));
  socket.write(text);
  await until('the answer', () => isOver || isEnough(got));
  socket.destroy();
  return got;
}

describe('serve: what it says', () => {
  it('counts as ss does, now and as it changes, in overview, ps and stream', async () => {
    await population.order({ port: 8080, open: 20, closing: 0 });
    const run = await start();
    const row = async () => ((await run.ask('overview')) as OverviewAnswer).rows[0];
    const states = async () => {
      const { byState = {}, timeWait = 0 } = (await row())?.sockets ?? {};
      return { ...byState, ...(timeWait > 0 && { TIME_WAIT: timeWait }) };
    };
    await until(
      'the counts of ss',
      async () => JSON.stringify(sorted(await states())) === JSON.stringify(sorted(truth())),
    );
    await population.order({ port: 8080, open: 35, closing: 6 });
    await until(
      'the new counts',
      async () => JSON.stringify(sorted(await states())) === JSON.stringify(sorted(truth())),
    );
    expect(await row()).toMatchObject({ ports: [{ port: 8080 }], descriptors: { pid: population.pid } });
    const ps = (await run.ask(`ps?target=netns:${netns.name}`)) as { containers: { sockets: { byState: object } }[] };
    expect(ps.containers[0]?.sockets.byState).toEqual(truth());
    const answer = await fetch(`${run.origin}/api/v1/stream`, { headers: { authorization: `Bearer ${tokenOf(run)}` } });
    const reader = answer.body?.getReader();
    const tick = /^event: tick\nid: \d+\ndata: \{/m;
    let streamed = '';
    // A judgement may come before it.
    while (!tick.test(streamed)) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) break;
      streamed += Buffer.from(piece.value).toString();
    }
    expect(streamed).toMatch(tick);
    await reader?.cancel();
  });

  it('answers as the command line does', async () => {
    const run = await start();
    const asked = (await run.ask(`ls?target=netns:${netns.name}&by=state`)) as object;
    const printed = JSON.parse(socklens(['ls', `netns:${netns.name}`, '--by', 'state', '--json']).stdout) as object;
    expect({ ...asked, takenAt: '', owners: '' }).toEqual({ ...printed, takenAt: '', owners: '' });
    await expect(run.ask('ls?target=netns:none-of-this-name')).rejects.toThrow(/: 404 .*no-target/);
  });

  it('opens a problem by the rules and settings of its configuration, and keeps it', async () => {
    const config = path.join(folder, 'rules.toml');
    fs.writeFileSync(config, '[doctor.rules.CLOSE_WAIT_LEAK]\nminAgeMs = "1s"\n');
    await population.order({ port: 8080, open: 150, closing: 120 });
    const run = await start('--config', config);
    const leak = await until(
      'the problem',
      async () =>
        ((await run.ask('problems')) as ProblemsAnswer).problems.find(({ rule }) => rule === 'CLOSE_WAIT_LEAK'),
      60_000,
    );
    expect(leak).toMatchObject({ severity: 'critical', containers: [`netns:${netns.name}`] });
    // The numbers of a tick come before the rules have looked at it: its row has the problem with the next one.
    const { serve: own } = await until('the problem in its row', async () => {
      const answer = (await run.ask('overview')) as OverviewAnswer;
      return answer.rows[0]?.problems.critical === 1 ? answer : undefined;
    });
    expect(own.doctorShare).toBeLessThan(1);
    await until('values in the history', async () => {
      const { containers } = (await run.ask('history?series=state.CLOSE_WAIT&points=10')) as HistoryAnswer;
      return containers[0]?.columns[0]?.mean.some((value) => value === 120);
    });
  }, 240_000);
});

function sorted(counts: Record<string, number>): [string, number][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('serve: who is refused', () => {
  it('malformed, oversized and foreign requests, and goes on', async () => {
    const run = await start();
    const token = tokenOf(run);
    const own = `Host: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n`;
    for (const [request, status] of [
      ['GET /api/v1/session HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n', '421'],
      [`GET /api/v1/session HTTP/1.1\r\n${own}Origin: http://localhost:3000\r\n\r\n`, '403'],
      [`GET /../../../etc/passwd HTTP/1.1\r\n${own}\r\n`, '404'],
      [`GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${own}\r\n`, '404'],
      [`GET /${'a'.repeat(40_000)} HTTP/1.1\r\n${own}\r\n`, '431'],
      [`GET / HTTP/1.1\r\n${own}X: ${'a'.repeat(40_000)}\r\n\r\n`, '431'],
      [`POST /api/v1/session HTTP/1.1\r\n${own}Content-Length: 5\r\n\r\nhello`, '405'],
      ['not http at all\r\n\r\n', '400'],
      ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
      [`GET http://evil.com/api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, '4'],
    ] as const) {
      const got = await raw(run, request);
      expect([request.slice(0, 60), got.slice(0, 12)]).toEqual([
        request.slice(0, 60),
        expect.stringMatching(`^HTTP/1.1 ${status}`),
      ]);
      expect(got).not.toContain(token);
      expect(got).not.toContain('root:');
    }
    expect(await run.ask('session')).toMatchObject({ protocol: 1 });
  });

  it('readers that never read cost nothing, and 200 connections are served', async () => {
    const run = await start();
    const { hostname, port } = new URL(run.origin);
    const asks = `GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokenOf(run)}\r\n\r\n`;
    const sockets = Array.from({ length: 200 }, () => net.connect(Number(port), hostname));
    try {
      for (const socket of sockets) {
        socket.on('error', () => {});
        socket.pause();
        socket.write(asks);
      }
      await until('all streams', async () => ((await run.ask('overview')) as OverviewAnswer).serve.streams === 200);
      const before = ((await run.ask('overview')) as OverviewAnswer).atMs;
      await until('later ticks', async () => ((await run.ask('overview')) as OverviewAnswer).atMs > before + 3000);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until('no stream', async () => ((await run.ask('overview')) as OverviewAnswer).serve.streams === 0);
  });
});

describe('serve: as a service', () => {
  it('ends in order at SIGTERM, has one folder for itself, and tells its link while it runs', async () => {
    const run = await start();
    const where = data;
    expect(socklens(['serve', '--link', '--data', where]).stdout.trim()).toBe(run.link);
    expect(fs.statSync(path.join(where, 'serve.json')).mode & 0o777).toBe(0o600);
    const second = socklens(['serve', '--listen', '127.0.0.1:0', '--data', where]);
    expect([second.status, second.stderr]).toEqual([2, expect.stringContaining('another socklens serve')]);
    await run.stop();
    expect(socklens(['serve', '--link', '--data', where])).toMatchObject({ status: 3 });
    expect(fs.existsSync(path.join(where, 'serve.json'))).toBe(false);
  });

  it('reads its configuration again at SIGHUP, and keeps the old one where the new one is wrong', async () => {
    const config = path.join(folder, 'hosts.toml');
    fs.writeFileSync(config, '');
    const run = await start('--config', config);
    const status = async () =>
      (await raw(run, 'GET /healthz HTTP/1.1\r\nHost: db.example\r\nConnection: close\r\n\r\n')).slice(9, 12);
    expect(await status()).toBe('421');
    fs.writeFileSync(config, '[serve]\nallow-host = ["db.example"]\n');
    process.kill(run.pid, 'SIGHUP');
    await until('the new name', async () => (await status()) === '200');
    fs.writeFileSync(config, '[serve]\nallow-hosts = []\n');
    process.kill(run.pid, 'SIGHUP');
    expect(await run.ask('session')).toMatchObject({ protocol: 1 });
    expect(await status()).toBe('200');
  });

  it('serves HTTPS with a certificate', async () => {
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ]);
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
    const run = await startServe([`netns:${netns.name}`, '--tls-cert', cert, '--tls-key', key]);
    serve = run;
    const status = await new Promise((resolve, reject) => {
      const request = https.get(`${run.origin}/healthz`, { ca: fs.readFileSync(cert) }, ({ statusCode }) =>
        resolve(statusCode),
      );
      request.on('error', reject);
    });
    expect([new URL(run.origin).protocol, status]).toEqual(['https:', 200]);
  });

  it('has a unit that systemd accepts', () => {
    const file = path.join(folder, 'socklens.service');
    fs.writeFileSync(
      file,
      unitText(['/bin/true'], ['--token-file=/var/lib/socklens/token', '--allow-host=a b%c$d"e'], true),
    );
    const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    // Units of the machine itself are verified too.
    const own = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('socklens'));
    expect([status, own]).toEqual([0, []]);
  });
});
