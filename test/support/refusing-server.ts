/** A simulated server with a limit: what dumps and events show of it and its clients while it refuses. */
import { type ClosedGroup, type EventRun, RUN_GAP_MS } from '../../src/model/sample/closed-group.ts';
import type { Series } from '../../src/model/sample/series.ts';
import { TCP_STATE } from '../../src/model/socket/tcp-state.ts';
import { closedGroup } from './closed-group.ts';
import type { PlainSocket } from './plain-socket.ts';
import { listener, START_MS, series, spaceSeries, tcpSocket } from './series.ts';

const FOREVER = Number.POSITIVE_INFINITY;

/** Clients that behave alike. */
export interface Crowd {
  count: number;
  /** How long each keeps a connection that it got, milliseconds; for ever where infinite. */
  holdMs: number;
  /** Time until the next attempt, after a connection and after a refusal. */
  thinkMs: number;
  retryMs: number;
  /** They only come in bursts: so often, and so long after the beginning of one no client of it tries again. */
  burst?: { everyMs: number; forMs: number };
}

export interface Scene {
  limit: number;
  crowds: readonly Crowd[];
  /** Longest time in the accept queue. */
  queueMs: number;
  /** How long the sockets of a namespace are read for. */
  dumpMs: number;
  seconds: number;
  /** 0 to 1, the same each time. */
  random: () => number;
  /** Whether the server's namespace is watched, and that of the clients but for a share of them. */
  watchesServer: boolean;
  unwatchedShare: number;
}

interface Connection {
  beganMs: number;
  acceptedMs: number;
  refused: boolean;
  endedMs: number;
  watched: boolean;
}

/** Runs the clients against the server, from two seconds before the first look, a millisecond at a time. */
function connectionsOf({ limit, crowds, queueMs, seconds, random, unwatchedShare }: Scene): Connection[] {
  const all: Connection[] = [];
  const untilMs = seconds * 1000 + 50;
  const arriving = new Map<number, { crowd: Crowd; watched: boolean; lastMs: number }[]>();
  const arrive = (atMs: number, crowd: Crowd, watched: boolean, lastMs: number) => {
    const ms = Math.floor(atMs);
    if (ms < untilMs && ms <= lastMs) arriving.set(ms, [...(arriving.get(ms) ?? []), { crowd, watched, lastMs }]);
  };
  const ending = new Map<number, number>();
  for (const crowd of crowds) {
    const { everyMs, forMs } = crowd.burst ?? { everyMs: FOREVER, forMs: FOREVER };
    for (let startMs = -1863; startMs < untilMs; startMs += everyMs) {
      for (let index = 0; index < crowd.count; index++)
        arrive(startMs + random() * 20, crowd, random() >= unwatchedShare, startMs + forMs);
    }
  }
  let held = 0;
  for (let ms = -2000; ms < untilMs; ms++) {
    held -= ending.get(ms) ?? 0;
    for (const { crowd, watched, lastMs } of arriving.get(ms) ?? []) {
      const refused = held >= limit;
      const endedMs = ms + (refused ? 0.2 : Math.ceil(crowd.holdMs * (0.5 + random())));
      all.push({ beganMs: ms - random() * queueMs, acceptedMs: ms, refused, endedMs, watched });
      if (!refused) {
        held++;
        ending.set(endedMs, (ending.get(endedMs) ?? 0) + 1);
      }
      const againMs = refused ? ms + crowd.retryMs * (0.5 + random()) : endedMs + crowd.thinkMs * random();
      arrive(Math.max(ms + 1, againMs), crowd, watched, lastMs);
    }
  }
  return all;
}

function runsOf(times: readonly number[]): EventRun[] {
  const runs: EventRun[] = [];
  for (const atMs of times.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last === undefined || atMs - last.toMs > RUN_GAP_MS) runs.push({ fromMs: atMs, toMs: atMs, count: 1 });
    else Object.assign(last, { toMs: atMs, count: last.count + 1 });
  }
  return runs;
}

/** What the doctor sees of a server at 10.0.0.3:3306, with a look each second; the clients are at 10.0.0.2. */
export function refusingSeries(scene: Scene): Series {
  const all = connectionsOf(scene);
  const ticks = Array.from({ length: scene.seconds + 1 }, (_, index) => index * 1000);
  const { random, dumpMs } = scene;
  const socketsAt = (tickMs: number, side: 'client' | 'server'): PlainSocket[] =>
    all.flatMap((connection, index) => {
      if (side === 'client' && !connection.watched) return [];
      const atMs = tickMs + random() * dumpMs;
      const { beganMs, acceptedMs, endedMs } = connection;
      if (atMs < beganMs || atMs >= endedMs) return [];
      const client = `10.0.0.2:${(index % 60_000) + 1024}`;
      const isAccepted = atMs >= acceptedMs;
      const isLoggedIn = !connection.refused && atMs >= acceptedMs + 2;
      const sentMs = tickMs + dumpMs - acceptedMs;
      const fromServer = isAccepted ? 90 : 0;
      const fromClient = isLoggedIn ? 80 : 0;
      const info =
        side === 'server'
          ? { bytesSent: fromServer, bytesReceived: fromClient, lastSentMs: Math.max(0, sentMs) }
          : { bytesSent: fromClient, bytesReceived: fromServer, lastReceivedMs: Math.max(0, sentMs) };
      const cookie = 1_000_000 + 2 * index + (side === 'server' ? 1 : 0);
      const ends = side === 'server' ? { local: '10.0.0.3:3306', peer: client } : { local: client };
      const inode = side === 'server' && !isAccepted ? 0 : cookie;
      return [tcpSocket({ ...ends, cookie, inode, state: TCP_STATE.ESTABLISHED, info })];
    });
  const closedIn = (tickMs: number, side: 'client' | 'server'): ClosedGroup[] => {
    const [fromMs, toMs] = [tickMs - 1000 + dumpMs, tickMs + dumpMs];
    const ended = all.filter(
      ({ endedMs, watched }) => (side === 'server' || watched) && endedMs > fromMs && endedMs <= toMs,
    );
    const refused = ended.filter(({ refused: is }) => is);
    const count = ended.length - refused.length;
    const short = ended.filter(({ refused: is, acceptedMs, endedMs }) => !is && endedMs - acceptedMs < 1000);
    const [greeted, others] = side === 'server' ? ['endedHere', 'endedByPeer'] : ['endedByPeer', 'endedHere'];
    const parts = side === 'server' ? { role: 'server' as const, localPort: 3306, peerPort: 0 } : {};
    const runs = runsOf(refused.map(({ endedMs }) => START_MS + endedMs));
    const group = closedGroup(ended.length, {
      ...parts,
      ...(side === 'server' && { dropped: refused.length, mute: refused.length }),
      ...(side === 'client' && runs.length > 0 && { refusalRuns: runs }),
      shortLived: refused.length + short.length,
      // A login and a query are as short.
      greetedOnly: short.length + (side === 'client' ? refused.length : 0),
      silent: side === 'client' ? refused.length : 0,
      [greeted ?? '']: refused.length,
      [others ?? '']: count,
    });
    return ended.length === 0 ? [] : [group];
  };
  const samplesOf = (side: 'client' | 'server') =>
    ticks.map((tickMs) => ({
      sockets: [...(side === 'server' ? [listener(3306)] : []), ...socketsAt(tickMs, side)],
      readAtMs: START_MS + tickMs,
      closed: closedIn(tickMs, side),
    }));
  const client = spaceSeries(samplesOf('client'));
  const server = spaceSeries(samplesOf('server'), { netns: 4026532001, name: 'db', targets: ['db'], containers: [] });
  return series(scene.watchesServer ? [client, server] : [client]);
}
