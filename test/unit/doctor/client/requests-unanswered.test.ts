import { describe, expect, test } from 'vitest';
import { requestsUnanswered } from '../../../../src/doctor/rules/client/requests-unanswered.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const NGINX = { pid: 7, name: 'nginx' };

/** A connection at the end of ten seconds; times are of the last data, milliseconds before. */
interface Seen {
  sentMs: number;
  receivedMs?: number;
  bytesSent?: number;
  bytesReceived?: number;
  segments?: number;
  port?: number;
  sendQueue?: number;
}

interface Scene {
  upstream: readonly Seen[];
  /** Requests of clients, milliseconds since they came. */
  clients?: readonly number[];
  closed?: Parameters<typeof closedGroup>[1] & { count: number };
}

/** Looks twice, ten seconds apart, at a proxy and what it asked. */
function seen({ upstream, clients = [], closed }: Scene) {
  const at = (leftMs: number) => [
    listener(80, { holders: [NGINX] }),
    ...upstream.flatMap((each, index) => {
      const { sentMs, receivedMs = sentMs, bytesSent = 80, bytesReceived = 0, segments = 1, port = 3000 } = each;
      if (sentMs < leftMs) return [];
      return tcpSocket({
        local: `10.0.0.2:${50_000 + index}`,
        peer: `10.0.0.3:${port}`,
        cookie: 100 + index,
        holders: [NGINX],
        sendQueue: each.sendQueue ?? 0,
        info: {
          bytesSent,
          bytesReceived,
          dataSegmentsOut: segments,
          dataSegmentsIn: bytesReceived === 0 ? 0 : segments,
          lastSentMs: sentMs - leftMs,
          lastReceivedMs: receivedMs - leftMs,
        },
      });
    }),
    ...clients.flatMap((askedMs, index) =>
      askedMs < leftMs
        ? []
        : tcpSocket({
            local: '10.0.0.2:80',
            peer: `10.0.0.9:${40_000 + index}`,
            cookie: 500 + index,
            holders: [NGINX],
            info: { bytesSent: 0, bytesReceived: 80, lastReceivedMs: askedMs - leftMs, lastSentMs: askedMs - leftMs },
          }),
    ),
  ];
  const groups =
    closed === undefined
      ? []
      : [closedGroup(closed.count, { peerAddress: '10.0.0.3', peerPort: 3000, process: NGINX, ...closed })];
  const looks = [10_000, 0].map((leftMs) => ({
    atMs: 1_010_000 - leftMs,
    sockets: at(leftMs),
    closed: leftMs === 0 ? groups : [],
  }));
  return judge(requestsUnanswered, series([spaceSeries(looks)]));
}

/** Requests that were sent so long ago, milliseconds. */
const sent = (...ages: number[]): Seen[] => ages.map((sentMs) => ({ sentMs }));
const HANGING = sent(20_000, 18_000, 15_000);

describe('a server that answers nothing', () => {
  test('requests came all the time', () => {
    expect(seen({ upstream: [...HANGING, ...sent(8000, 6000, 4000, 2000, 500)] })).toMatchObject([
      {
        rule: 'REQUESTS_UNANSWERED',
        severity: 'warning',
        confidence: 'high',
        about: 'peer 10.0.0.3:3000',
        scope: { kind: 'process', pid: 7 },
        summary: '10.0.0.3:3000 has answered none of 8 requests of nginx for up to 20 s',
      },
    ]);
  });

  test('callers gave up, before they had waited for long', () => {
    const closed = { count: 8, shortLived: 0, bytesSent: 640, bytesReceived: 8 };
    expect(seen({ upstream: sent(4000, 3000, 2000), closed })).toMatchObject([{ severity: 'warning' }]);
  });

  test('more requests of clients wait inside than were passed on', () => {
    const found = seen({ upstream: HANGING, clients: [20_000, 19_000, 18_000, 17_000, 16_000, 12_000] });
    expect(found).toMatchObject([{ severity: 'warning', summary: expect.stringContaining('; 6 requests of its own') }]);
  });

  test('they have waited for longer than long polls do', () => {
    expect(seen({ upstream: sent(60_000, 59_000, 58_000) })).toMatchObject([{ severity: 'warning' }]);
  });
});

describe('healthy look-alikes', () => {
  test('requests that began together and may be long polls are a fact', () => {
    expect(seen({ upstream: HANGING, clients: [20_000, 18_000, 15_000] })).toMatchObject([
      { severity: 'info', confidence: 'low' },
    ]);
  });

  test('one answer is enough: on another connection, or on one that has ended', () => {
    const busy = [...HANGING, ...sent(8000, 6000, 4000, 2000, 500)];
    expect(seen({ upstream: [...busy, { sentMs: 5000, receivedMs: 3000, bytesReceived: 200 }] })).toEqual([]);
    const closed = { count: 1, shortLived: 0, bytesSent: 80, bytesReceived: 200 };
    expect(seen({ upstream: busy, closed })).toEqual([]);
  });

  test('streams and subscriptions, which had an answer before, with their last word by the client', () => {
    expect(
      seen({ upstream: [20, 18, 15].map((s) => ({ sentMs: s * 1000, receivedMs: s * 1000 + 500, bytesReceived: 9 })) }),
    ).toEqual([]);
  });

  test('protocols without answers, by their port or by the data that they sent', () => {
    const ages = [60_000, 50_000, 40_000];
    expect(seen({ upstream: ages.map((sentMs) => ({ sentMs, port: 24_224 })) })).toEqual([]);
    expect(seen({ upstream: ages.map((sentMs) => ({ sentMs, segments: 40 })) })).toEqual([]);
  });

  test('what is not acknowledged is lost on the way', () => {
    expect(seen({ upstream: [60, 59, 58].map((s) => ({ sentMs: s * 1000, sendQueue: 80 })) })).toEqual([]);
  });
});
