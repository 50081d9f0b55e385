import type { Finding } from '../../model/finding/finding.ts';
import type { Series } from '../../model/sample/series.ts';
import type { WantedProcess } from '../../model/stack/stack-facts.ts';
import { insideQueues } from '../listeners/inside-queue.ts';
import { listenersAt, listenersOnPort } from '../peers/listeners-at.ts';
import { poolsOf } from '../pools/pools.ts';
import { databaseAt } from '../pools/servers.ts';
import { processTracks } from '../processes/process-tracks.ts';
import { holderScope } from '../scopes.ts';

/**
 * The processes whose programs are worth knowing: those that a finding names whose rule asks what they are, those with connections to a known
 * database, proxies that hold requests back, and those that listen where such connections, or those of a finding, go.
 * Each once, the most severe first.
 *
 * @param findings of rules that ask
 */
export function wantedProcesses(series: Series, findings: readonly Finding[]): WantedProcess[] {
  const starts = startsOf(series);
  const wanted = new Set<number>();
  for (const { scope, server } of findings) {
    if (scope.pid !== undefined) wanted.add(scope.pid);
    for (const pid of server === undefined ? [] : listenersOf(series, server)) wanted.add(pid);
  }
  for (const netns of series.namespaces) {
    for (const { process } of insideQueues(netns)) wanted.add(process.pid);
    for (const { member, peer, port } of poolsOf(netns)) {
      const pid = member.process?.pid;
      if (databaseAt(series, netns, peer, port) === undefined && (pid === undefined || !wanted.has(pid))) continue;
      if (pid !== undefined) wanted.add(pid);
      for (const { socket } of listenersAt(series, netns, peer, port)) {
        for (const holder of socket.holders) wanted.add(holder.pid);
      }
    }
  }
  return [...wanted].map((pid) => ({ pid, startTicks: starts.get(pid) }));
}

/** The processes that are the server of a finding's connections. */
function listenersOf({ namespaces }: Series, { target, port }: NonNullable<Finding['server']>): number[] {
  return namespaces.flatMap((netns) =>
    listenersOnPort(netns, port)
      .filter(({ socket }) => holderScope(netns.namespace, socket).target === target)
      .flatMap(({ socket }) => socket.holders.map(({ pid }) => pid)),
  );
}

/** When processes started, clock ticks from boot, of those whose descriptors were counted. */
function startsOf({ namespaces }: Series): Map<number, number> {
  const starts = new Map<number, number>();
  for (const netns of namespaces) {
    for (const [first] of processTracks(netns)) {
      if (first !== undefined) starts.set(first.process.pid, first.process.startTicks);
    }
  }
  return starts;
}
