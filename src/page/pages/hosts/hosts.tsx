import type { FleetHost, HostsAnswer } from '../../../serve/protocol/hosts.ts';
import { Blank } from '../../components/blank.tsx';
import { usePolled } from '../../state/polled.ts';
import { route } from '../../state/route.ts';
import { session } from '../../state/server.ts';
import { countText, many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { clockText, spanText, zoneText } from '../../text/times.ts';
import { matchesNames } from '../../text/words.ts';
import { FleetAlerts } from './fleet-alerts.tsx';
import { FleetContainers } from './fleet-containers.tsx';
import { FleetPeers } from './fleet-peers.tsx';
import { HostDetail } from './host-detail.tsx';
import { HostTable, severityOf } from './host-table.tsx';
import { hostsLink, VIEWS, type View } from './links.ts';
import { Loading, NothingMatches, StoreFault, Warnings } from './states.tsx';

const EVERY_MS = 10_000;

/** The hosts of a store: how each stands, containers in trouble, alerts, and peers by name. */
export function Hosts() {
  const hasStore = session.value?.hosts !== 'none';
  const { answer, fault } = usePolled<HostsAnswer>(hasStore ? { path: 'hosts' } : undefined, EVERY_MS);
  const { name, options } = route.value;
  if (!hasStore)
    return (
      <Blank
        title="No store of many hosts"
        text="This serve knows its own machine alone. Start it with --store URL of the Prometheus or VictoriaMetrics that has the metrics of all hosts."
      />
    );
  if (answer === undefined) return fault === undefined ? <Loading /> : <StoreFault text={fault} />;
  const { hosts, alerts, atMs, store, warnings } = answer;
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const host = byId.get(name) ?? hosts.find(({ instance }) => instance === name);
  const view = VIEWS.find(([key]) => key === options.show)?.[0] ?? 'hosts';
  return (
    <>
      {fault !== undefined && <StoreFault text={fault} />}
      <Warnings warnings={warnings} />
      {name === '' ? (
        <>
          <Verdict answer={answer} view={view} />
          {view === 'hosts' && <List answer={answer} />}
          {view === 'containers' && <FleetContainers hosts={byId} />}
          {view === 'alerts' && <FleetAlerts alerts={alerts} hosts={byId} atMs={atMs} />}
          {view === 'peers' && <FleetPeers />}
        </>
      ) : host === undefined ? (
        <Blank title={shown(name)} text={`No such host, or nothing came from it for ${spanText(answer.keptForMs)}.`}>
          <a class="btn" href={hostsLink('')}>
            All hosts
          </a>
        </Blank>
      ) : (
        <HostDetail key={host.id} host={host} hosts={byId} alerts={alerts} atMs={atMs} />
      )}
      <footer class="foot">
        <span>socklens {session.value?.version}</span>
        <span>
          store {shown(store)}, asked {clockText(atMs)}
        </span>
        <span>silent after {spanText(answer.silentAfterMs)}</span>
        <span class="end">Times are {zoneText(atMs)}</span>
      </footer>
    </>
  );
}

function Verdict({ answer: { hosts, alerts }, view }: { answer: HostsAnswer; view: View }) {
  const troubled = hosts.filter((host) => ['critical', 'warning'].includes(severityOf(host) ?? '')).length;
  const silent = hosts.filter(({ status }) => status === 'silent').length;
  const containers = hosts.reduce((sum, host) => sum + (host.containers ?? 0), 0);
  const counts: Readonly<Record<View, string>> = {
    hosts: countText(hosts.length),
    containers: '',
    alerts: countText(alerts.length),
    peers: '',
  };
  return (
    <div class="verdict">
      <h1>
        {hosts.length === 0
          ? 'No hosts'
          : troubled === 0
            ? 'All hosts are calm'
            : `${countText(troubled)} of ${many(hosts.length, 'host')} ${troubled === 1 ? 'needs' : 'need'} a look`}
      </h1>
      <p class="facts">
        <span>{many(containers, 'container')}</span>
        <span class={silent > 0 ? 'c-warning' : ''}>{silent === 0 ? 'none' : countText(silent)} silent</span>
        <span>{many(alerts.filter(({ state }) => state === 'firing').length, 'firing alert')}</span>
      </p>
      <nav class="right" aria-label="Views of the hosts">
        <div class="seg">
          {VIEWS.map(([key, label]) => (
            <a key={key} href={hostsLink('', key)} aria-current={view === key ? 'true' : undefined}>
              {label} {counts[key]}
            </a>
          ))}
        </div>
      </nav>
    </div>
  );
}

function List({ answer: { hosts, atMs, store } }: { answer: HostsAnswer }) {
  const { filter } = route.value;
  const wanted = hosts.filter((host) => matchesNames(namesOf(host), filter));
  if (wanted.length > 0) return <HostTable hosts={wanted} atMs={atMs} />;
  if (filter.trim() !== '') return <NothingMatches what="host" />;
  return (
    <Blank
      title="No hosts"
      text={`The store ${store} has no metrics of socklens from the last day. Have it scrape /metrics of each serve, or start them with --push; docs/hosts.md says how.`}
    />
  );
}

/** What the filter may mean of a host. */
function namesOf(host: FleetHost): string[] {
  const severity = severityOf(host);
  return [host.instance, host.host ?? '', host.status, ...(severity === undefined ? ['calm'] : [severity])];
}
