import { firingOf, type Message, type Post } from '../message.ts';
import type { Receiver } from '../receiver.ts';
import { byLabels, factsOf, time } from './alertmanager.ts';

/** Alerts of a message; further ones are counted. */
const MOST = 50;

/** How Go writes a time that is not set. */
const NEVER = '0001-01-01T00:00:00Z';

/** Alertmanager's own webhook body, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function webhookPost({ name, url }: Receiver, message: Message): Post {
  const told = message.alerts.slice(0, MOST);
  const alerts = told.flatMap((one) =>
    byLabels(one, message.atMs).map(({ labels, endsAtMs }) => ({
      ...{ status: endsAtMs === undefined ? 'firing' : 'resolved', labels, ...factsOf(one) },
      endsAt: endsAtMs === undefined ? NEVER : time(endsAtMs),
      fingerprint: fingerprintOf(labels),
    })),
  );
  const { groupLabels } = message;
  const group = Object.entries(groupLabels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return {
    url,
    body: {
      version: '4',
      groupKey: `{}:{${group.join(', ')}}`,
      truncatedAlerts: message.alerts.length - told.length,
      status: firingOf(message).length > 0 ? 'firing' : 'resolved',
      receiver: name,
      groupLabels,
      commonLabels: commonOf(alerts.map(({ labels }) => labels)),
      commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
      externalURL: message.pageUrl,
      alerts,
    },
  };
}

/** What all have with the same value. */
function commonOf(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = all;
  return Object.fromEntries(Object.entries(first).filter(([key, value]) => rest.every((one) => one[key] === value)));
}

/** FNV-1a of 64 bits over sorted labels, as `LabelSet.Fingerprint` of prometheus/common computes it. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  let hash = 0xcbf2_9ce4_8422_2325n;
  const separator = Buffer.from([0xff]);
  const names = Object.keys(labels).sort();
  const parts = names.flatMap((name) => [Buffer.from(name), separator, Buffer.from(labels[name] ?? ''), separator]);
  for (const byte of Buffer.concat(parts)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  return hash.toString(16).padStart(16, '0');
}
