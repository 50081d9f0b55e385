import { perObject } from '../../base/memo.ts';
import type { Evidence } from '../../model/finding/finding.ts';
import type { Series } from '../../model/sample/series.ts';
import type { StackFacts, StackName, StackSetting } from '../../model/stack/stack-facts.ts';

const byPid = perObject(
  ({ stacks }: Series): ReadonlyMap<number, StackFacts> => new Map(stacks?.map((facts) => [facts.pid, facts])),
);

const askedIn = perObject((_series: Series) => ({ pids: new Set<number>() }));

/**
 * The program of a process; undefined where it was not looked at. That it was asked for is noted, so that a rule is
 * asked again once it is known: nothing that is computed once for several rules may ask.
 */
export function stackOf(series: Series, process: { pid: number } | undefined): StackFacts | undefined {
  if (process === undefined) return undefined;
  askedIn(series).pids.add(process.pid);
  return byPid(series).get(process.pid);
}

/** The processes whose programs were asked for since the last call. */
export function takeAsked(series: Series): ReadonlySet<number> {
  const asked = askedIn(series);
  const { pids } = asked;
  asked.pids = new Set();
  return pids;
}

/** Settings that are the backlog of a program's listeners, by the name that its owner changes. */
const BACKLOGS: readonly string[] = [
  ...['backlog', '--backlog', 'listen.backlog', 'listen backlog', 'tcp-backlog', 'back_log', 'listen_backlog'],
  ...['-b', 'tcp_listen_options.backlog'],
];

/** The setting that is the backlog of a listener of a process, with its proof; undefined where it is not known. */
export function backlogSetting(
  series: Series,
  process: { pid: number } | undefined,
  port: number,
): StackSetting | undefined {
  return stackOf(series, process)?.settings.find(
    ({ name, of }) => BACKLOGS.includes(name) && (of?.startsWith('port ') !== true || of === `port ${port}`),
  );
}

/** For each stack the settings that limit how many connections of clients it has at once. */
const CONNECTION_LIMITS: Readonly<Partial<Record<StackName, readonly string[]>>> = {
  nginx: ['worker_connections'],
  HAProxy: ['maxconn'],
  PgBouncer: ['max_client_conn'],
  Redis: ['maxclients'],
  memcached: ['-c'],
  MariaDB: ['max_connections'],
  MySQL: ['max_connections'],
  PostgreSQL: ['max_connections'],
  'PHP-FPM': ['pm.max_children'],
  Python: ['--worker-connections', '--limit-concurrency'],
};

/** The settings that limit the connections of a listener's processes, those of the process as a whole first. */
export function limitSettings(series: Series, processes: readonly { pid: number }[]): StackSetting[] {
  const facts = processes.map((process) => stackOf(series, process)).find((each) => each?.stack !== undefined);
  const names = facts?.stack === undefined ? [] : (CONNECTION_LIMITS[facts.stack] ?? []);
  return facts?.settings.filter(({ name }) => names.includes(name)) ?? [];
}

/** A setting as a line of evidence, with where it was read. */
export function settingEvidence({ name, value, of, proof, path, line, changed }: StackSetting): Evidence {
  const file = path === undefined ? proof : `${path}${line === undefined ? '' : `:${line}`} (${proof})`;
  return {
    what: of === undefined ? `its setting ${name}` : `its setting ${name} of ${of}`,
    value,
    source: changed ? `${file}, changed since it started` : file,
  };
}
