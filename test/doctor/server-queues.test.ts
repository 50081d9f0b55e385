/** Rules about the queues of listeners, on listeners of the test's own. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { SOCK } from '../support/recipes/constants.ts';
import { type RecipeContext, V4, withRecipeContext } from '../support/recipes/recipe-context.ts';
import {
  dial,
  fillUnix,
  lostAcks,
  overflowing,
  reusePort,
  synFlood,
  waitingAt,
} from '../support/recipes/server-queues.ts';

const abstract = (name: string) => new TextEncoder().encode(`\0${name}`);

async function findings({ netns }: RecipeContext, options: DiagnoseOptions): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, options)).findings;
}

prove({
  rule: 'LISTEN_OVERFLOW',
  how: 'namespace: listen(3), six connects, no accept',
  lookAlike: 'no descriptor left to accept with; a SYN flood',
  fault: () =>
    withRecipeContext(async (context) => {
      await overflowing(context);
      return findings(context, { rules: ['LISTEN_OVERFLOW'] });
    }),
  check: (finding) =>
    expect(finding).toMatchObject({
      severity: 'critical',
      confidence: 'high',
      summary: expect.stringMatching(/its process has accepted none for \d s$/),
    }),
  async healthy() {
    const flooded = await withRecipeContext(async (context) => {
      await synFlood(context);
      return findings(context, { rules: ['LISTEN_OVERFLOW'] });
    });
    const starved = await withRecipeContext(async (context) => {
      await overflowing(context);
      const { pid } = context.workshop;
      const used = fs.readdirSync(`/proc/${pid}/fd`).length;
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${used}:${used}`]);
      return findings(context, { rules: ['LISTEN_OVERFLOW'] });
    });
    expect(starved).toMatchObject([{ summary: expect.stringContaining('no descriptor left') }]);
    return [...flooded, ...starved];
  },
});

prove({
  rule: 'BACKLOG_CLAMPED',
  how: 'namespace: somaxconn 3, listen(100), bursts of six connects',
  lookAlike: 'a long queue with traffic; a queue from which nothing is accepted',
  fault: () => withRecipeContext(bursts),
  check: (finding) =>
    expect(finding).toMatchObject({
      severity: 'critical',
      summary: expect.stringContaining('is 3 (node asks for 511)'),
    }),
  healthy: () =>
    withRecipeContext(async (context) => {
      const listener = await context.workshop.tcpListener(V4, 0, 4096);
      for (let index = 0; index < 6; index++) await context.workshop.tcpPair(listener);
      await overflowing(context);
      return findings(context, { rules: ['BACKLOG_CLAMPED'] });
    }),
});

/** Bursts at a listener that asked for 100 and may have 3; one connection after the other is accepted. */
async function bursts(context: RecipeContext): Promise<readonly Finding[]> {
  context.netns.run('sysctl', '-w', 'net.core.somaxconn=3');
  const listener = await overflowing(context, 100);
  const looked = findings(context, { rules: ['BACKLOG_CLAMPED', 'LISTEN_OVERFLOW'] });
  await whileOpen(looked, async () => {
    await context.workshop.close(await context.workshop.accept(listener.fd));
    await dial(context, listener.port, 2);
  });
  return looked;
}

/** Does something again and again, five times a second, until the promise is settled. */
async function whileOpen(promise: Promise<unknown>, act: () => Promise<void>): Promise<void> {
  const settled = promise.then(() => true);
  while (!(await Promise.race([settled, new Promise<false>((resolve) => setTimeout(resolve, 200, false))])))
    await act();
}

test(
  'LISTEN_OVERFLOW names the listener whose own drops rose, not the one with the longer queue',
  {
    timeout: 240_000,
  },
  () =>
    withRecipeContext(async (context) => {
      const dropping = await overflowing(context);
      const waiting = await context.workshop.tcpListener(V4, 0, 10);
      await dial(context, waiting.port, 7);
      const found = await findings(context, { rules: ['LISTEN_OVERFLOW'] });
      const about = (port: number) => found.filter((finding) => finding.about === `port ${port}`);
      const drops = (port: number) =>
        about(port)[0]?.evidence.find(({ source }) => source === 'sock_diag, drops of the listener')?.value;
      expect(about(dropping.port)).toMatchObject([{ severity: 'critical', confidence: 'high' }]);
      expect(drops(dropping.port)).toBeGreaterThan(0);
      // ss prints the drops since the listener was made as d of skmem.
      const inSs = Number(/,d(\d+)\)/.exec(context.netns.run('ss', '-Hltnm', `sport = :${dropping.port}`))?.[1]);
      expect(drops(dropping.port)).toBeLessThanOrEqual(inSs);
      expect(drops(waiting.port)).toBeUndefined();
      expect(about(waiting.port).filter(({ severity }) => severity === 'critical')).toEqual([]);
    }),
);

test('BACKLOG_CLAMPED comes before the LISTEN_OVERFLOW that it causes', { timeout: 240_000 }, () =>
  withRecipeContext(async (context) => {
    const found = await bursts(context);
    expect(found.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
      ['BACKLOG_CLAMPED', undefined],
      ['LISTEN_OVERFLOW', 0],
    ]);
  }),
);

test('BACKLOG_CLAMPED yields where nothing is ever accepted', { timeout: 240_000 }, () =>
  withRecipeContext(async (context) => {
    context.netns.run('sysctl', '-w', 'net.core.somaxconn=3');
    await overflowing(context, 100);
    const found = await findings(context, { rules: ['BACKLOG_CLAMPED', 'LISTEN_OVERFLOW'] });
    expect(found).toMatchObject([{ rule: 'LISTEN_OVERFLOW', fixes: [{ where: 'the application' }] }]);
  }),
);

prove({
  rule: 'SYN_RECV_FLOOD',
  how: 'namespace: listen(16), forty clients that never get the answer',
  lookAlike: 'a return path that drops acknowledgements; an accept queue that is full',
  fault: () =>
    withRecipeContext(async (context) => {
      await synFlood(context);
      return findings(context, { rules: ['SYN_RECV_FLOOD'] });
    }),
  check: (finding) => expect(finding.severity).toBe('critical'),
  async healthy() {
    const lost = await withRecipeContext(async (context) => {
      await lostAcks(context);
      return findings(context, { rules: ['SYN_RECV_FLOOD'] });
    });
    const full = await withRecipeContext(async (context) => {
      await overflowing(context, 3, 40);
      return findings(context, { rules: ['SYN_RECV_FLOOD'] });
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
    withRecipeContext(async (context) => {
      const listener = await context.workshop.unix(SOCK.STREAM, abstract('fpm'));
      await context.workshop.listen(listener, 1);
      expect(await fillUnix(context, abstract('fpm'), 4)).toBe(2);
      return findings(context, { rules: ['UNIX_BACKLOG'] });
    }),
  check: (finding) =>
    expect(finding).toMatchObject({ severity: 'critical', about: 'unix @fpm', scope: { kind: 'process' } }),
  healthy: () =>
    withRecipeContext(async (context) => {
      const listener = await context.workshop.unix(SOCK.STREAM, abstract('fpm'));
      await context.workshop.listen(listener, 10);
      await fillUnix(context, abstract('fpm'), 4);
      await sendDatagrams(context, 3);
      return findings(context, { rules: ['UNIX_BACKLOG'] });
    }),
});

test('UNIX_BACKLOG: a datagram queue that takes no more', { timeout: 240_000 }, () =>
  withRecipeContext(async (context) => {
    // One more than net.unix.max_dgram_qlen, as with listeners.
    expect(await sendDatagrams(context, 50)).toBe(11);
    expect(await findings(context, { rules: ['UNIX_BACKLOG'] })).toMatchObject([
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
async function sendDatagrams({ workshop }: RecipeContext, count: number): Promise<number> {
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
    withRecipeContext(async (context) => {
      const { fds, port } = await reusePort(context, 4, CLIENTS);
      await all(context, port);
      const waiting = waitingAt(context, port);
      for (const fd of fds.slice(1)) {
        const inode = await context.workshop.inode(fd);
        for (let left = waiting.get(inode) ?? 0; left > 0; left--) await context.workshop.accept(fd);
      }
      return findings(context, { rules: ['REUSEPORT_IMBALANCE'] });
    }),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', confidence: 'high' }),
  healthy: () =>
    withRecipeContext(async (context) => {
      const { port } = await reusePort(context, 4, CLIENTS);
      await all(context, port);
      return findings(context, { rules: ['REUSEPORT_IMBALANCE'] });
    }),
});

/** Waits until every client stands in a queue. */
async function all(context: RecipeContext, port: number): Promise<void> {
  await until('connections in the queues', () => {
    return [...waitingAt(context, port).values()].reduce((sum, waiting) => sum + waiting, 0) === CLIENTS;
  });
}

test('none of these rules reports a service that accepts all connections', { timeout: 240_000 }, () =>
  withRecipeContext(async (context) => {
    const listener = await context.workshop.tcpListener(V4, 0, 511);
    const rules = ['LISTEN_OVERFLOW', 'BACKLOG_CLAMPED', 'SYN_RECV_FLOOD', 'UNIX_BACKLOG', 'REUSEPORT_IMBALANCE'];
    const looked = findings(context, { rules });
    for (let round = 0; round < 20; round++) {
      const clients = await dial(context, listener.port, 5);
      for (const client of clients) {
        await context.workshop.close(await context.workshop.accept(listener.fd));
        await context.workshop.close(client);
      }
    }
    expect(await looked).toEqual([]);
  }),
);
