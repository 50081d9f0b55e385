import type { Alert } from './alert.ts';
import type { Message } from './message.ts';

/** A test holds so long for receivers that keep alerts, milliseconds. */
const HOLDS_MS = 60_000;

/** The message of `serve --test-alert`. */
export function testMessage(host: string, pageUrl: string, atMs: number): Message {
  const labels = { alertname: 'TEST', job: 'socklens', host, severity: 'info' };
  const alert: Alert = {
    id: 'test',
    severity: 'info',
    startsAtMs: atMs,
    labels,
    title: 'Test alert of socklens',
    where: `nothing is wrong on ${host}`,
    numbers: [],
    cause: 'It was sent by socklens serve --test-alert. Problems will arrive here.',
    symptoms: [],
    link: `${pageUrl}/`,
  };
  const groupLabels = { alertname: 'TEST', host };
  // What Alertmanager is not told again ends after four times this.
  return { host, pageUrl, groupLabels, alerts: [{ alert }], atMs, repeatMs: HOLDS_MS / 4 };
}
