import { describe, expect, test } from 'vitest';
import { alertOf } from '../../../../src/serve/alerts/alert.ts';
import { FORMATS } from '../../../../src/serve/alerts/formats/formats.ts';
import { fingerprintOf } from '../../../../src/serve/alerts/formats/webhook.ts';
import type { Message, ToldAlert } from '../../../../src/serve/alerts/message.ts';
import { RECEIVER_DEFAULTS, RECEIVER_TYPES, type Receiver } from '../../../../src/serve/alerts/receiver.ts';
import { servedProblem } from './problem.ts';

const CONTEXT = { host: 'vm', pageUrl: 'https://page.example', incident: '20261130-120005' };

function told(parts: Parameters<typeof servedProblem>[0] = {}, more: Omit<ToldAlert, 'alert'> = {}): ToldAlert {
  return { alert: alertOf(servedProblem(parts), CONTEXT), ...more };
}

function message(...alerts: ToldAlert[]): Message {
  const groupLabels = { alertname: 'POOL_OVERRUN', host: 'vm' };
  return { host: 'vm', pageUrl: CONTEXT.pageUrl, groupLabels, alerts, atMs: 2_000_000, repeatMs: 60_000 };
}

function receiver(type: Receiver['type'], url = 'https://chat.example/hooks/topic'): Receiver {
  return { ...RECEIVER_DEFAULTS, name: 'ops', type, url };
}

// biome-ignore lint/suspicious/noExplicitAny: each format has another body
const bodyOf = (type: Receiver['type'], sent: Message): any => FORMATS[type].post(receiver(type), sent).body;

/** Every text in a value. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(texts);
}

describe.each(RECEIVER_TYPES)('%s', (type) => {
  test('says what, where, how bad, why, the fix, and where more is', () => {
    const all = texts(bodyOf(type, message(told())))
      .join('\n')
      .replaceAll('\\', '');
    for (const part of [
      ...['Pool over its cap: db:3306', 'web-1', 'vm', 'connections of web-1: 63', 'pool: 50 connections'],
      ...['web-1 holds 63 connections, its pool is 50', 'Go database/sql: call SetMaxOpenConns in web-1'],
      ...['https://page.example/#/problems/p1', 'https://page.example/#/incidents/20261130-120005'],
    ])
      expect(all).toContain(part);
  });

  test.each([
    '<!channel>',
    '<@U0123>',
    '@everyone',
    '@here',
    '<@&99>',
    '[x](http://evil.example)',
    '![x](http://evil.example)',
  ])('a container named %s mentions nobody', (name) => {
    // Slack's and Discord's own words, wherever they stand.
    for (const text of texts(bodyOf(type, message(told({ name }))))) {
      expect(text).not.toMatch(/<[!@#]|@(everyone|here|channel)|\]\(http:\/\/evil/);
    }
  });

  test('control characters, directions and endless texts do not arrive', () => {
    const name = `a\u001b[31m\u202e\n${'x'.repeat(100_000)}\u{1f600}`;
    const body = JSON.stringify(bodyOf(type, message(...Array.from({ length: 400 }, () => told({ name })))));
    expect(body).not.toMatch(/\\u001b|\u202e/);
    expect(body.length).toBeLessThan(type === 'alertmanager' ? 2_000_000 : 250_000);
  });

  test('what is over says so', () => {
    const body = JSON.stringify(bodyOf(type, message(told({}, { endsAtMs: 1_060_000 }))));
    if (type !== 'alertmanager') expect(body).toMatch(/resolved/i);
    if (!['alertmanager', 'webhook'].includes(type)) expect(body).toContain('1m00s');
    const explained = JSON.stringify(bodyOf(type, message(told({}, { endsAtMs: 1_060_000, explainedBy: 'Another' }))));
    expect(explained).toContain('Another');
  });
});

test('slack: markup means itself, and its texts are marked as none', () => {
  const body = bodyOf('slack', message(told({ name: '*x* & <b> `y`' })));
  expect(body).toMatchObject({ mrkdwn: false, link_names: false, attachments: [{ color: 'danger', mrkdwn_in: [] }] });
  expect(body.attachments[0].text).toContain('*x* &amp; &lt;b&gt; `y`');
  expect(body.text).toBe('vm: 1 critical problem');
});

test('discord: markup is escaped, nobody may be mentioned, and the limits hold', () => {
  const name = '*x* _y_ ~z~ `c` |s| #h';
  const body = bodyOf('discord', message(...Array.from({ length: 40 }, () => told({ name: name.repeat(30) }))));
  expect(body.allowed_mentions).toEqual({ parse: [] });
  expect(body.embeds[0].description).toContain('\\*x\\* \\_y\\_ \\~z\\~ \\`c\\` \\|s\\| \\#h');
  expect(body.content).toMatch(/40 critical problems \(\d+ more on the page\)/);
  const sizes = body.embeds.map((one: { title: string; description: string; footer: { text: string } }) => {
    expect(one.title.length).toBeLessThanOrEqual(256);
    return one.title.length + one.description.length + one.footer.text.length;
  });
  expect(sizes.reduce((sum: number, size: number) => sum + size, body.content.length)).toBeLessThanOrEqual(6000);
});

test('ntfy: posts to the root with the topic, and does not break a muted telephone', () => {
  const { url, body } = FORMATS.ntfy.post(receiver('ntfy', 'https://ntfy.example/base/alerts'), message(told()));
  expect(url).toBe('https://ntfy.example/base/');
  expect(body).toMatchObject({ topic: 'alerts', priority: 4, click: 'https://page.example/#/problems/p1' });
  expect(Buffer.byteLength((body as { message: string }).message)).toBeLessThanOrEqual(4096);
});

test('alertmanager: numbers are annotations, names of labels are words, a severity that changed ends the former alert', () => {
  const { url, body } = FORMATS.alertmanager.post(receiver('alertmanager', 'http://am:9093/'), message(told()));
  expect(url).toBe('http://am:9093/api/v2/alerts');
  const [alert] = body as { labels: Record<string, string>; startsAt: string; endsAt: string }[];
  expect(alert).toMatchObject({ startsAt: '1970-01-01T00:16:40.000Z', endsAt: '1970-01-01T00:37:20.000Z' });
  for (const [name, value] of Object.entries(alert?.labels ?? {})) {
    expect(name).toMatch(/^[a-z_]+$/);
    expect(value).not.toContain('63');
  }
  const before = { ...alert?.labels, severity: 'warning' };
  const changed = bodyOf('alertmanager', message(told({}, { toldLabels: before })));
  expect(changed).toMatchObject([
    { labels: { severity: 'warning' }, endsAt: '1970-01-01T00:33:20.000Z' },
    { labels: { severity: 'critical' }, endsAt: '1970-01-01T00:37:20.000Z' },
  ]);
});

test('webhook: common labels, and the fingerprint of Alertmanager', () => {
  const body = bodyOf('webhook', message(told(), told({ id: 'p2', name: 'web-2' }, { endsAtMs: 1_500_000 })));
  expect(body).toMatchObject({ status: 'firing', groupKey: '{}:{alertname="POOL_OVERRUN", host="vm"}' });
  expect(body.commonLabels).toEqual({
    ...{ alertname: 'POOL_OVERRUN', about: 'peer db:3306', host: 'vm', job: 'socklens', severity: 'critical' },
  });
  expect(body.alerts.map(({ status }: { status: string }) => status)).toEqual(['firing', 'resolved']);
  const before = { ...body.alerts[0].labels, severity: 'warning' };
  const changed = bodyOf('webhook', message(told({}, { toldLabels: before })));
  expect(changed).toMatchObject({
    status: 'firing',
    truncatedAlerts: 0,
    alerts: [
      { status: 'resolved', labels: { severity: 'warning' }, fingerprint: fingerprintOf(before) },
      { status: 'firing', labels: { severity: 'critical' }, fingerprint: body.alerts[0].fingerprint },
    ],
  });
  // FNV-1a of nothing; test/suites/engines compares others with Alertmanager's own.
  expect(fingerprintOf({})).toBe('cbf29ce484222325');
});
