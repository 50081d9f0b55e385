/** Rules about the queues of listeners, on listeners of the test's own. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { SOCK } from '../support/recipes/constants.ts';
import { type Ground, V4 } from '../support/recipes/ground.ts';
import {
  dial,
  fillUnix,
  lostAcks,
  overflowing,
  reusePort,
  synFlood,
  waitingAt,
} from '../support/recipes/server-queues.ts';
import { onStage } from '../support/stage.ts';

const abstract = (name: string) => new TextEncoder().encode(`\0${name}`);

async function findings({ netns }: Ground, options: DiagnoseOptions): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, options)).findings;
}

prove({
  rule: 'LISTEN_OVERFLOW',
  how: 'namespace: listen(3), six connects, nobody accepts',
  lookAlike: 'no descriptor left to accept with; a SYN flood',
  fault: () =>
    onStage(async (ground) => {
      await overflowing(ground);
      return findings(ground, { rules: ['LISTEN_OVERFLOW'] });
    }),
  check: (finding) => expect(finding).toMatchObject({ severity: 'critical', confidence: 'high' }),
  async healthy() {
    const flooded = await onStage(async (ground) => {
      await synFlood(ground);
      return findings(ground, { rules: ['LISTEN_OVERFLOW'] });
    });
    const starved = await onStage(async (ground) => {
      await overflowing(ground);
      const { pid } = ground.workshop;
      const used = fs.readdirSync(`/proc/${pid}/fd`).length;
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${used}:${used}`]);
      return findings(ground, { rules: ['LISTEN_OVERFLOW'] });
    });
    expect(starved).toMatchObject([{ summary: expect.stringContaining('no descriptor left') }]);
    return [...flooded, ...starved];
  },
});

prove({
  rule: 'BACKLOG_CLAMPED',
  how: 'namespace: somaxconn 3, listen(100), six connects',
  lookAlike: 'a long queue with traffic',
  fault: () =>
    onStage(async (ground) => {
      ground.netns.run('sysctl', '-w', 'net.core.somaxconn=3');
      await overflowing(ground, 100);
      return findings(ground, { rules: ['BACKLOG_CLAMPED', 'LISTEN_OVERFLOW'] });
    }),
  check: (finding) =>
    expect(finding).toMatchObject({
      severity: 'critical',
      summary: expect.stringContaining('is 3 (node asks for 511)'),
    }),
  healthy: () =>
    onStage(async (ground) => {
      const listener = await ground.workshop.tcpListener(V4, 0, 4096);
      for (let index = 0; index < 6; index++) await ground.workshop.tcpPair(listener);
      return findings(ground, { rules: ['BACKLOG_CLAMPED'] });
    }),
});

test('BACKLOG_CLAMPED comes before the LISTEN_OVERFLOW that it causes', { timeout: 60_000 }, () =>
  onStage(async (ground) => {
    ground.netns.run('sysctl', '-w', 'net.core.somaxconn=3');
    await overflowing(ground, 100);
    const found = await findings(ground, { rules: ['BACKLOG_CLAMPED', 'LISTEN_OVERFLOW'] });
    expect(found.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
      ['BACKLOG_CLAMPED', undefined],
      ['LISTEN_OVERFLOW', 0],
    ]);
  }),
);

prove({
  rule: 'SYN_RECV_FLOOD',
  how: 'namespace: listen(16), forty clients that never get the answer',
  lookAlike: 'a return path that drops acknowledgements; an accept queue that is full',
  fault: () =>
    onStage(async (ground) => {
      await synFlood(ground);
      return findings(ground, { rules: ['SYN_RECV_FLOOD'] });
    }),
  check: (finding) => expect(finding.severity).toBe('critical'),
  async healthy() {
    const lost = await onStage(async (ground) => {
      await lostAcks(ground);
      return findings(ground, { rules: ['SYN_RECV_FLOOD'] });
    });
    const full = await onStage(async (ground) => {
      await overflowing(ground, 3, 40);
      return findings(ground, { rules: ['SYN_RECV_FLOOD'] });
    });
    expect(lost).toMatchObject([{ severity: 'info', summary: expect.stringContaining('lost on the way') }]);
    return [...lost, ...full];
  },
});

prove({
  rule: 'UNIX_BACKLOG',
  how: 'namespace: listen(1) on a UNIX socket, connects until EAGAIN',
  lookAlike: 'a queue with room; a few datagrams',
  fault: () =>
    onStage(async (ground) => {
      const listener = await ground.workshop.unix(SOCK.STREAM, abstract('fpm'));
      await ground.workshop.listen(listener, 1);
      expect(await fillUnix(ground, abstract('fpm'), 4)).toBe(2);
      return findings(ground, { rules: ['UNIX_BACKLOG'] });
    }),
  check: (finding) =>
    expect(finding).toMatchObject({ severity: 'critical', about: 'unix @fpm', scope: { kind: 'process' } }),
  healthy: () =>
    onStage(async (ground) => {
      const listener = await ground.workshop.unix(SOCK.STREAM, abstract('fpm'));
      await ground.workshop.listen(listener, 10);
      await fillUnix(ground, abstract('fpm'), 4);
      await sendDatagrams(ground, 3);
      return findings(ground, { rules: ['UNIX_BACKLOG'] });
    }),
});

test('UNIX_BACKLOG: a datagram queue that takes no more', { timeout: 60_000 }, () =>
  onStage(async (ground) => {
    // One more than net.unix.max_dgram_qlen, as with listeners.
    expect(await sendDatagrams(ground, 50)).toBe(11);
    expect(await findings(ground, { rules: ['UNIX_BACKLOG'] })).toMatchObject([
      {
        severity: 'warning',
        about: 'unix @log',
        scope: { kind: 'process' },
        summary: expect.stringContaining('about 11 datagrams'),
      },
    ]);
  }),
);

/** @returns how many were taken */
async function sendDatagrams({ workshop }: Ground, count: number): Promise<number> {
  await workshop.unix(SOCK.DGRAM, abstract('log'));
  const sender = await workshop.unix(SOCK.DGRAM);
  await workshop.connect(sender, { unix: abstract('log') });
  for (let taken = 0; taken < count; taken++) if ((await workshop.send(sender, 200)) === -1) return taken;
  return count;
}

/** Enough for each of four listeners to get its dozen, however the hash falls. */
const CLIENTS = 120;

prove({
  rule: 'REUSEPORT_IMBALANCE',
  how: 'namespace: four listeners on one port, one of which does not accept',
  lookAlike: 'none of them accepts',
  fault: () =>
    onStage(async (ground) => {
      const { fds, port } = await reusePort(ground, 4, CLIENTS);
      await all(ground, port);
      const waiting = waitingAt(ground, port);
      for (const fd of fds.slice(1)) {
        const inode = await ground.workshop.inode(fd);
        for (let left = waiting.get(inode) ?? 0; left > 0; left--) await ground.workshop.accept(fd);
      }
      return findings(ground, { rules: ['REUSEPORT_IMBALANCE'] });
    }),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', confidence: 'high' }),
  healthy: () =>
    onStage(async (ground) => {
      const { port } = await reusePort(ground, 4, CLIENTS);
      await all(ground, port);
      return findings(ground, { rules: ['REUSEPORT_IMBALANCE'] });
    }),
});

/** Waits until every client stands in a queue. */
async function all(ground: Ground, port: number): Promise<void> {
  await until('connections in the queues', () => {
    return [...waitingAt(ground, port).values()].reduce((sum, waiting) => sum + waiting, 0) === CLIENTS;
  });
}

test('a service that accepts what comes is named by none of these rules', { timeout: 60_000 }, () =>
  onStage(async (ground) => {
    const listener = await ground.workshop.tcpListener(V4, 0, 511);
    const rules = ['LISTEN_OVERFLOW', 'BACKLOG_CLAMPED', 'SYN_RECV_FLOOD', 'UNIX_BACKLOG', 'REUSEPORT_IMBALANCE'];
    const looked = findings(ground, { rules });
    for (let round = 0; round < 20; round++) {
      const clients = await dial(ground, listener.port, 5);
      for (const client of clients) {
        await ground.workshop.close(await ground.workshop.accept(listener.fd));
        await ground.workshop.close(client);
      }
    }
    expect(await looked).toEqual([]);
  }),
);
