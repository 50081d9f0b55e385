/** From the fault to the chat and back: `lab` runs beside `serve`, the alert names the pool, and ends after the fix. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AlertReceiver, alertReceiver } from '../../support/alert-receiver.ts';
import { LAUNCHER } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** A wait for a state that comes by itself, on a machine that is busy, milliseconds. */
const LONG = 300_000;

/** An alert of the body of a webhook. */
interface SentAlert {
  status: 'firing' | 'resolved';
  fingerprint: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-lab-alert-'));
let receiver: AlertReceiver;
let serve: ServeRun;

beforeAll(async () => {
  receiver = await alertReceiver();
  const config = path.join(folder, 'socklens.toml');
  fs.writeFileSync(
    config,
    `[[alerts]]\nname = "hook"\ntype = "webhook"\nurl = "${receiver.url}/"\nwait = "0s"\ninterval = "0s"\n`,
  );
  serve = await startServe(['--all', '--config', config]);
  await until('the first sample', async () => (await fetch(`${serve.origin}/readyz`)).ok, LONG);
}, 2 * LONG);
afterAll(async () => {
  await serve?.stop();
  await receiver?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Alerts about what the lab runs, in the order in which they came. */
function ofLab(): SentAlert[] {
  const alerts = receiver.received.flatMap(({ json }) => json.alerts as SentAlert[]);
  return alerts.filter(({ labels, annotations }) =>
    /lab-|webhook/.test(`${JSON.stringify(labels)}${annotations.where}`),
  );
}

/** Whether it says that the cap of the pool is to be set, which is the first fix of the lab. */
const isAboutPool = ({ annotations }: SentAlert) => /connectionLimit is the cap/.test(annotations.fix ?? '');

it(
  'lab beside serve: the alert has the pool as its cause and the limit beside it, and ends after the fixes',
  async () => {
    const lab = spawn(LAUNCHER, ['lab', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(lab, 'close');
    let printed = '';
    lab.stdout.on('data', (piece: Buffer) => (printed += piece));
    const pool = await until('the alert about the pool', () => ofLab().find(isAboutPool), LONG).catch(
      (error: Error) => {
        const sent = ofLab().map(({ labels, annotations }) => `${labels.alertname}: ${annotations.fix}`);
        throw new Error(`${error.message}; the lab said: ${printed}; alerts: ${sent.join(' | ')}`);
      },
    );
    expect(pool).toMatchObject({
      status: 'firing',
      annotations: { page_url: expect.stringContaining('/#/problems/') },
    });
    expect(['critical', 'warning']).toContain(pool.labels.severity);
    expect(pool.annotations.description).toMatch(/\d/);
    await until(
      'the alert about the limit',
      () => ofLab().find(({ labels }) => /NOFILE|LIMIT_/.test(labels.alertname ?? '')),
      LONG,
    );
    await ended;
    expect(JSON.parse(printed)).toMatchObject({ mended: true });
    const firing = () => {
      const last = new Map(ofLab().map((alert) => [alert.fingerprint, alert]));
      return [...last.values()].filter(({ status }) => status !== 'resolved');
    };
    await until('the end of every alert of the lab', () => firing().length === 0, LONG).catch((error: Error) => {
      throw new Error(`${error.message}; not ended: ${JSON.stringify(firing())}`);
    });
    expect(ofLab().filter(isAboutPool).at(-1)?.status).toBe('resolved');
  },
  4 * LONG,
);
