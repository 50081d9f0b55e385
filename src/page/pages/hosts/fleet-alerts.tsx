import type { FleetAlert, FleetHost } from '../../../serve/protocol/hosts.ts';
import { Blank } from '../../components/blank.tsx';
import { Scroll } from '../../components/scroll.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { mark, TableHead } from '../../components/table-head.tsx';
import { route } from '../../state/route.ts';
import { countText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { momentText, utcText } from '../../text/times.ts';
import { matchesNames } from '../../text/words.ts';
import { hostsLink } from './links.ts';
import { NothingMatches } from './states.tsx';

/** Alerts of the rules of Prometheus, as far as they are about the hosts. */
export function FleetAlerts({
  alerts,
  hosts,
  atMs,
}: {
  alerts: readonly FleetAlert[];
  hosts: ReadonlyMap<string, FleetHost>;
  atMs: number;
}) {
  const { filter } = route.value;
  const wanted = alerts.filter((one) => matchesNames(wordsOf(one, hosts), filter));
  if (wanted.length === 0 && filter.trim() !== '') return <NothingMatches what="alert" />;
  if (wanted.length === 0)
    return (
      <Blank
        title="No alerts"
        text="None of the rules of the store is firing or pending about these hosts. deploy/prometheus/socklens.rules.yml has rules."
      />
    );
  return (
    <section class="panel hosts" aria-label="Alerts">
      <div class="panel-head">
        <h2>Alerts</h2>
        <span class="faint">{countText(wanted.length)} of the rules of the store</span>
      </div>
      <Scroll label="Alerts">
        <table class="cards">
          <TableHead columns={[mark('Severity'), 'Alert', 'Host', 'What', 'State', 'Since']} />
          <tbody>
            {wanted.map((alert, index) => (
              <Line key={index} alert={alert} hosts={hosts} atMs={atMs} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Line({
  alert: { name, severity, state, host, instance, container, summary, sinceMs },
  hosts,
  atMs,
}: {
  alert: FleetAlert;
  hosts: ReadonlyMap<string, FleetHost>;
  atMs: number;
}) {
  const known = severity === 'critical' || severity === 'warning' ? severity : 'info';
  return (
    <tr>
      <td class="m-sev">
        <SeverityMark severity={known} />
      </td>
      <td class="m-name">
        <span class="name">{shown(name)}</span>
        {container !== undefined && <span class="sub">{shown(container)}</span>}
      </td>
      <td class="m-wide">
        {host === undefined ? (
          <span class="faint">{shown(instance ?? '–')}</span>
        ) : (
          <a class="muted" href={hostsLink(host)}>
            {shown(hosts.get(host)?.host ?? instance ?? host)}
          </a>
        )}
      </td>
      <td class="problem m-wide">
        <span class="clamped">{shown(summary ?? '–')}</span>
      </td>
      <td class="m-hide">{state}</td>
      <td class="m-wide" title={sinceMs === undefined ? undefined : utcText(sinceMs)}>
        {sinceMs === undefined ? '–' : momentText(sinceMs, atMs)}
      </td>
    </tr>
  );
}

function wordsOf(
  { name, severity, state, host, instance, container, summary }: FleetAlert,
  hosts: ReadonlyMap<string, FleetHost>,
) {
  const known = host === undefined ? undefined : hosts.get(host)?.host;
  return [name, state, severity, instance, container, summary, known].filter((one) => one !== undefined);
}
