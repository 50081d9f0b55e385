import type { FleetHost } from '../protocol/hosts.ts';
import { labelIs } from '../store/promql.ts';
import { type Asking, hostId, recent } from './fleet-store.ts';
import type { HostIdentity, KnownHosts } from './known-hosts.ts';

/** The numbers of a row, each one question of all hosts: few series a host, however many containers it has. */
type NumberName =
  | 'containers'
  | 'open'
  | 'timeWait'
  | 'closeWait'
  | 'critical'
  | 'warning'
  | 'fullestDescriptors'
  | 'conntrack'
  | 'oldestSeconds'
  | 'gaps'
  | 'serves'
  | 'starts';

const tcp = (...matchers: string[]) => recent('socklens_host_sockets', labelIs('protocol', 'tcp'), ...matchers);
const problems = (severity: string) => recent('socklens_host_problems', labelIs('severity', severity));

/** Starts within two minutes that are more than an administrator makes. */
const MANY_STARTS = 3;

const EXPRESSIONS: Readonly<Record<NumberName, string>> = {
  containers: `sum by (job, instance) (${recent('socklens_host_containers')})`,
  open: `sum by (job, instance) (${tcp('state!="time_wait"')})`,
  timeWait: `sum by (job, instance) (${tcp(labelIs('state', 'time_wait'))})`,
  closeWait: `sum by (job, instance) (${tcp(labelIs('state', 'close_wait'))})`,
  critical: `sum by (job, instance) (${problems('critical')}) > 0`,
  warning: `sum by (job, instance) (${problems('warning')}) > 0`,
  fullestDescriptors: `max by (job, instance) (${recent('socklens_host_fullest_fds_ratio')})`,
  conntrack: `max by (job, instance) (${recent('socklens_host_conntrack_entries')} / ${recent('socklens_host_conntrack_entries_limit')})`,
  oldestSeconds: `max by (job, instance) (${recent('socklens_oldest_snapshot_seconds')})`,
  gaps: `sum by (job, instance) (${recent('socklens_coverage_gaps')}) > 0`,
  // One that was started anew under another address is past after half a minute.
  serves: 'count by (job, instance) (count_over_time(socklens_instance_info[30s])) > 1',
  // Two that push under one name write the same series by turns.
  starts: `max by (job, instance) (changes(process_start_time_seconds[2m]) > ${MANY_STARTS}) and on (job, instance) socklens_build_info`,
};

/** Numbers of all hosts, by name and then by the id of the host. */
export type HostNumbersTable = ReadonlyMap<NumberName, ReadonlyMap<string, number>>;

/** @throws {StoreError} */
export async function readNumbers(asking: Asking): Promise<HostNumbersTable> {
  const names = Object.keys(EXPRESSIONS) as NumberName[];
  const columns = await Promise.all(
    names.map(async (name): Promise<[NumberName, ReadonlyMap<string, number>]> => {
      const found = await asking.query(EXPRESSIONS[name]);
      return [name, new Map(found.map(({ labels, value }) => [hostId(labels), value]))];
    }),
  );
  return new Map(columns);
}

/** A row for each host that is known or configured. @param configured `HOST:PORT`, which scraping makes the label `instance` */
export function rowsOf(
  { live, silent }: KnownHosts,
  numbers: HostNumbersTable,
  configured: readonly string[],
): Omit<FleetHost, 'alerts'>[] {
  const byId = Map.groupBy(live, ({ id }) => id);
  const byName = Map.groupBy(
    [...byId.values()].flatMap(([first]) => (first === undefined || first.name === '' ? [] : [first])),
    ({ name }) => name,
  );
  const rows = [...byId.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const starts = numbers.get('starts')?.get(first.id);
    const serves = numbers.get('serves')?.get(first.id);
    const notes = [
      ...(serves === undefined ? [] : [mixedText(serves, same)]),
      ...(serves !== undefined || starts === undefined ? [] : [startsText(starts, first)]),
      ...sameName(first, byName.get(first.name) ?? []),
    ];
    return [{ ...base(first), status: 'live' as const, ...numbersOf(numbers, first.id), notes }];
  });
  const quiet = silent.map((one) => ({
    ...base(one),
    status: 'silent' as const,
    lastSeenMs: one.lastSeenMs,
    problems: {},
    notes: [],
  }));
  const seen = new Set([...live, ...silent].map(({ labels }) => labels.instance));
  const missing = configured
    .filter((host) => !seen.has(host))
    .map((host) => ({ id: host, instance: host, status: 'unknown' as const, problems: {}, notes: [] }));
  return [...rows, ...quiet, ...missing];
}

function base({ id, labels: { job = '', instance = '' }, name, url }: HostIdentity) {
  return {
    id,
    instance,
    ...(job !== '' && { job }),
    ...(name !== '' && { host: name }),
    ...(url !== undefined && { url }),
  };
}

function numbersOf(numbers: HostNumbersTable, id: string) {
  const of = (name: NumberName) => numbers.get(name)?.get(id);
  const [critical, warning] = [of('critical'), of('warning')];
  // A state begins with its first socket.
  const none = of('open') === undefined ? {} : { timeWait: 0, closeWait: 0 };
  const plain = (
    ['containers', 'open', 'timeWait', 'closeWait', 'fullestDescriptors', 'conntrack', 'oldestSeconds', 'gaps'] as const
  ).flatMap((name) => {
    const value = of(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...none,
    ...Object.fromEntries(plain),
    problems: { ...(critical !== undefined && { critical }), ...(warning !== undefined && { warning }) },
  };
}

/** Several that say they are the same instance: their samples are mixed. */
function mixedText(serves: number, same: readonly HostIdentity[]): string {
  const places = same.map(({ name, url }) => [name, ...(url === undefined ? [] : [url])].join(' ')).sort();
  return `${serves} serves have the instance ${same[0]?.labels.instance} (${places.join(', ')}): their numbers are mixed. Give each a name of its own with --push-as.`;
}

function startsText(starts: number, { labels }: HostIdentity): string {
  return `It started ${starts} times within two minutes, or several serves have the instance ${labels.instance} and their numbers are mixed: then give each a name of its own with --push-as.`;
}

/** Several instances with one host name: one `serve` that is stored twice, or two. */
function sameName({ name, id, url }: HostIdentity, all: readonly HostIdentity[]): string[] {
  const others = all.filter((one) => one.id !== id);
  if (others.length === 0) return [];
  const instances = others.map(({ labels }) => labels.instance).sort();
  const isOne = url !== undefined && others.every((one) => one.url === url);
  return isOne
    ? [`Stored twice, also as ${instances.join(', ')}: it is scraped and pushes.`]
    : [`Another serve has the host name ${name}: ${instances.join(', ')}.`];
}
