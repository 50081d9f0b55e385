import { useLayoutEffect } from 'preact/hooks';
import type { FleetAlert, FleetContainersAnswer, FleetHost } from '../../../serve/protocol/hosts.ts';
import { Blank } from '../../components/blank.tsx';
import { Paste } from '../../components/paste.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { addKeys } from '../../state/keys.ts';
import { usePolled } from '../../state/polled.ts';
import { route } from '../../state/route.ts';
import { countText, many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { matchesNames } from '../../text/words.ts';
import { FleetAlerts } from './fleet-alerts.tsx';
import { FleetContainerTable } from './fleet-container-table.tsx';
import { namesOf } from './fleet-containers.tsx';
import { severityOf, statusText, troubleText } from './host-table.tsx';
import { hostsLink, reachablePage, tunnelOf } from './links.ts';
import { Loading, NothingMatches, StoreFault, Warnings } from './states.tsx';

const EVERY_MS = 10_000;

/** One host: how it stands, the way to its own page, its alerts, and all of its containers that are in the store. */
export function HostDetail({
  host,
  hosts,
  alerts,
  atMs,
}: {
  host: FleetHost;
  hosts: ReadonlyMap<string, FleetHost>;
  alerts: readonly FleetAlert[];
  atMs: number;
}) {
  const name = shown(host.host ?? host.instance);
  const severity = severityOf(host);
  const page = reachablePage(host);
  const tunnel = tunnelOf(host);
  const own = alerts.filter((alert) => alert.host === host.id);
  const status = statusText(host, atMs);
  useLayoutEffect(
    () =>
      addKeys({
        Escape: () => {
          location.hash = hostsLink('');
        },
      }),
    [],
  );
  return (
    <>
      <div class="verdict">
        <h1>
          <a class="crumb" href={hostsLink('')}>
            Hosts
          </a>{' '}
          <span aria-hidden="true">/</span> {severity !== undefined && <SeverityMark severity={severity} />} {name}
        </h1>
        <p class="facts">
          {status !== '' && <span>{status}</span>}
          {host.containers !== undefined && <span>{many(host.containers, 'container')}</span>}
          {host.open !== undefined && <span>{countText(host.open)} open TCP</span>}
          <span>{troubleText(host) === '–' ? 'no problems' : troubleText(host)}</span>
        </p>
        {page !== undefined && (
          <div class="right">
            <a class="btn primary" href={page} target="_blank" rel="noreferrer">
              Page of this host
            </a>
          </div>
        )}
      </div>
      {host.notes.map((note) => (
        <div class="notice info" key={note}>
          <SeverityMark severity="info" />
          <span>{shown(note)}</span>
        </div>
      ))}
      {tunnel !== undefined && (
        <section class="panel" aria-label="Page of this host">
          <div class="panel-body">
            <p class="muted">
              Sockets, events and incidents are on the page of the host, which listens for that host alone. Open the
              address that <code>socklens serve --link</code> prints there, through
            </p>
            <Paste where="shell of the machine with the browser" text={tunnel} />
          </div>
        </section>
      )}
      {own.length > 0 && <FleetAlerts alerts={own} hosts={hosts} atMs={atMs} />}
      <Containers host={host} hosts={hosts} />
    </>
  );
}

function Containers({ host, hosts }: { host: FleetHost; hosts: ReadonlyMap<string, FleetHost> }) {
  const isLive = host.status === 'live';
  const question = isLive ? { path: 'hosts/containers', options: { host: host.id } } : undefined;
  const { answer, fault } = usePolled<FleetContainersAnswer>(question, EVERY_MS);
  if (!isLive)
    return (
      <Blank
        title={host.status === 'silent' ? 'Nothing comes from this host' : 'Nothing is stored of this host'}
        text="Its socklens does not run, or Prometheus does not reach it: see systemctl status socklens there, and the targets of Prometheus."
      />
    );
  if (answer === undefined) return fault === undefined ? <Loading /> : <StoreFault text={fault} />;
  const { filter } = route.value;
  const wanted = answer.containers.filter((one) => matchesNames(namesOf(one, host), filter));
  return (
    <>
      {fault !== undefined && <StoreFault text={fault} />}
      <Warnings warnings={answer.warnings} />
      {wanted.length > 0 ? (
        <FleetContainerTable containers={wanted} hosts={hosts} isOfOne isCut={answer.isCut === true} />
      ) : filter.trim() !== '' ? (
        <NothingMatches what="container" />
      ) : (
        <Blank title="No containers" text="The store has none of this host." />
      )}
    </>
  );
}
