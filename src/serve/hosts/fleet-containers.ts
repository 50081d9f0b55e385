import type { Severity } from '../../model/finding/finding.ts';
import type { FleetContainer, FleetHost } from '../protocol/hosts.ts';
import { labelIs, labelIsOneOf, quoted, selector } from '../store/promql.ts';
import type { StoreLabels, StoreSample } from '../store/store-answer.ts';
import { type Asking, hostId, ofHost } from './fleet-store.ts';
import { containersByTrouble } from './order.ts';

/** Containers of an answer. */
const MOST = { troubled: 100, ofHost: 1000 };

/** Of each kind of trouble so many containers are looked at. */
const OF_EACH = 100;

/** Descriptors count as trouble from this part of the limit on. */
const FULL_FROM = 0.5;

/** Of numbers that every container has, the containers of so many hosts are compared: those whose totals are highest. */
const HOSTS_OF_EACH = 20;

/** Labels that name a container of all hosts. */
const BY = 'by (job, instance, namespace, pod, container)';

/** What is shown of a container: one question for all of it, because finding the series is what takes time. */
const METRICS = [
  'socklens_container_sockets',
  'socklens_container_fullest_process_fds',
  'socklens_container_fullest_process_fds_limit',
  'socklens_container_info',
  'socklens_problems',
];

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/** Containers of an answer, and whether there are more. */
export interface FoundContainers {
  containers: FleetContainer[];
  isCut: boolean;
}

/**
 * The containers in trouble, of all hosts: those with problems, those that are closest to their limit of open files, and
 * those with most CLOSE_WAIT. The last two are looked for where the totals of hosts are highest: no container has more than
 * its host.
 *
 * @throws {StoreError}
 */
export async function troubledContainers(asking: Asking, hosts: readonly FleetHost[]): Promise<FoundContainers> {
  const most = (expression: string) => asking.query(`topk(${OF_EACH}, ${expression})`);
  const problems = (severity: Severity) =>
    most(`max ${BY} (${selector('socklens_problems', [labelIs('severity', severity)])})`);
  const ofHosts = (instances: readonly string[], expression: (matcher: string) => string) =>
    instances.length === 0 ? [] : most(expression(labelIsOneOf('instance', instances)));
  const closeWait = [labelIs('protocol', 'tcp'), labelIs('state', 'close_wait')];
  const found = await Promise.all([
    problems('critical'),
    problems('warning'),
    ofHosts(
      highest(hosts, ({ fullestDescriptors = 0 }) => (fullestDescriptors < FULL_FROM ? 0 : fullestDescriptors)),
      (matcher) => `max ${BY} (${ratioOf(matcher)}) >= ${FULL_FROM}`,
    ),
    ofHosts(
      highest(hosts, (host) => host.closeWait ?? 0),
      (matcher) => `${selector('socklens_container_sockets', [...closeWait, matcher])} > 0`,
    ),
  ]);
  // In this order they are in most trouble.
  const named = new Map(found.flatMap(highestFirst).map(({ labels }) => [keyOf(labels), labels]));
  const shown = [...named.values()].slice(0, MOST.troubled);
  const values = (label: string) => [...new Set(shown.map((labels) => labels[label] ?? ''))];
  const isCut = named.size > shown.length || found.some(({ length }) => length === OF_EACH);
  if (shown.length === 0) return { containers: [], isCut };
  // Other containers of the same names match too: mostly few.
  const matchers = [labelIsOneOf('instance', values('instance')), labelIsOneOf('container', values('container'))];
  const samples = await read(asking, matchers);
  const containers = shown.map((labels) => describedOne(labels, samples.get(keyOf(labels)) ?? []));
  return { containers: containers.sort(containersByTrouble), isCut };
}

/** All containers of one host. @throws {StoreError} */
export async function containersOf(asking: Asking, host: { job?: string; instance: string }): Promise<FoundContainers> {
  const samples = await read(asking, ofHost(host));
  const containers = [...samples.values()]
    .flatMap((own) => (own[0]?.labels.container === undefined ? [] : [describedOne(own[0].labels, own)]))
    .sort(containersByTrouble);
  return { containers: containers.slice(0, MOST.ofHost), isCut: containers.length > MOST.ofHost };
}

/** Label `instance` of the hosts with the highest numbers, of those that have one above 0. */
function highest(hosts: readonly FleetHost[], numberOf: (host: FleetHost) => number): string[] {
  return hosts
    .map((host) => ({ instance: host.instance, number: numberOf(host) }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => b.number - a.number)
    .slice(0, HOSTS_OF_EACH)
    .map(({ instance }) => instance);
}

function highestFirst(samples: readonly StoreSample[]): StoreSample[] {
  return [...samples].sort((a, b) => b.value - a.value);
}

function ratioOf(matcher: string): string {
  const of = (metric: string) => selector(metric, [matcher]);
  return `${of('socklens_container_fullest_process_fds')} / ${of('socklens_container_fullest_process_fds_limit')}`;
}

/** What is known of containers, by their keys. */
async function read(asking: Asking, matchers: readonly string[]): Promise<ReadonlyMap<string, StoreSample[]>> {
  const samples = await asking.query(`{${[`__name__=~${quoted(METRICS.join('|'))}`, ...matchers].join(',')}}`);
  return Map.groupBy(samples, ({ labels }) => keyOf(labels));
}

function describedOne(labels: StoreLabels, samples: readonly StoreSample[]): FleetContainer {
  const { instance = '', container: name = '', namespace, pod } = labels;
  const valuesOf = (metric: string) => samples.filter((sample) => sample.labels.__name__ === metric);
  const tcp = valuesOf('socklens_container_sockets').filter((sample) => sample.labels.protocol === 'tcp');
  const sum = (isWanted: (state: string) => boolean) =>
    tcp.filter((sample) => isWanted(sample.labels.state ?? '')).reduce((total, { value }) => total + value, 0);
  const { runtime, image } = valuesOf('socklens_container_info')[0]?.labels ?? {};
  const used = valuesOf('socklens_container_fullest_process_fds')[0]?.value;
  const limit = valuesOf('socklens_container_fullest_process_fds_limit')[0]?.value;
  return {
    ...{ host: hostId(labels), instance, name },
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { pod }),
    ...(runtime !== undefined && { runtime }),
    ...(image !== undefined && image !== '' && { image }),
    problems: problemsOf(valuesOf('socklens_problems')),
    // A state without a series has no socket.
    ...(tcp.length > 0 && {
      open: sum((state) => state !== 'time_wait'),
      timeWait: sum((state) => state === 'time_wait'),
      closeWait: sum((state) => state === 'close_wait'),
    }),
    ...(used !== undefined && { descriptors: { used, ...(limit !== undefined && { limit }) } }),
  };
}

/** Facts are no problems. */
function problemsOf(samples: readonly StoreSample[]): FleetContainer['problems'] {
  return samples
    .flatMap(({ labels: { rule = '', severity } }) => {
      const known = SEVERITIES.find((one) => one === severity && one !== 'info');
      return known === undefined ? [] : [{ rule, severity: known }];
    })
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

function keyOf({ job = '', instance = '', namespace = '', pod = '', container = '' }: StoreLabels): string {
  return JSON.stringify([job, instance, namespace, pod, container]);
}
