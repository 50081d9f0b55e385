import { useSignal } from '@preact/signals';
import type { FleetHost } from '../../../serve/protocol/hosts.ts';
import { Meter } from '../../components/meter.tsx';
import { Scroll } from '../../components/scroll.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { mark, num, TableHead } from '../../components/table-head.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { useRowKeys } from '../../state/row-keys.ts';
import { countText, many, percentText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { momentText, spanText } from '../../text/times.ts';
import { Count } from './count.tsx';
import { hostsLink, reachablePage } from './links.ts';

const ROW_HEIGHT = 44;
const CARD_HEIGHT = 104;
const IS_NARROW = matchMedia('(max-width: 640px)');
const COLUMNS = 11;

/** A row a host, by trouble. While somebody points at the table or is in it, rows stay where they are. */
export function HostTable({ hosts, atMs }: { hosts: readonly FleetHost[]; atMs: number }) {
  const selected = useSignal<string | undefined>(undefined);
  const isHeld = useSignal(false);
  const order = useSignal<readonly string[]>([]);
  if (!isHeld.peek()) order.value = hosts.map(({ id }) => id);
  const places = new Map(order.value.map((id, index) => [id, index]));
  const placeOf = ({ id }: FleetHost) => places.get(id) ?? order.value.length;
  const rows = [...hosts].sort((a, b) => placeOf(a) - placeOf(b));
  const height = IS_NARROW.matches ? CARD_HEIGHT : ROW_HEIGHT;
  const selection = {
    get: () => selected.value,
    set: (id: string) => {
      selected.value = id;
    },
  };
  useRowKeys({ names: rows.map(({ id }) => id), height }, selection, (id) => {
    location.hash = hostsLink(id);
  });
  const hold = (wanted: boolean) => () => {
    isHeld.value = wanted;
  };
  return (
    <section class="panel hosts" aria-label="Hosts" onPointerEnter={hold(true)} onPointerLeave={hold(false)}>
      <div class="panel-head">
        <h2>Hosts</h2>
        <span class="faint">{countText(rows.length)}, by trouble</span>
      </div>
      <Scroll label="Hosts" onFocusIn={hold(true)} onFocusOut={hold(false)}>
        <table class="cards" aria-rowcount={rows.length + 1}>
          <Head />
          <VirtualRows
            items={rows}
            height={height}
            cellCount={COLUMNS}
            render={(host) => (
              <HostLine key={host.id} host={host} atMs={atMs} isSelected={selected.value === host.id} />
            )}
          />
        </table>
      </Scroll>
    </section>
  );
}

function Head() {
  return (
    <TableHead
      columns={[
        mark('Severity'),
        'Host',
        'Problems',
        num('Containers'),
        num('Open TCP'),
        num('CLOSE_WAIT'),
        num('TIME_WAIT'),
        'Descriptors',
        num('Conntrack'),
        'Note',
        'Page',
      ]}
    />
  );
}

function HostLine({ host, atMs, isSelected }: { host: FleetHost; atMs: number; isSelected: boolean }) {
  const severity = severityOf(host);
  const name = shown(host.host ?? host.instance);
  return (
    <tr
      data-row={host.id}
      aria-selected={isSelected}
      class={host.status === 'live' ? (severity === undefined ? 'calm' : '') : 'stopped'}
    >
      <td class="m-sev">{severity !== undefined && <SeverityMark severity={severity} />}</td>
      <td class="m-name">
        <a class="name" href={hostsLink(host.id)} title={name}>
          {name}
        </a>
        <span class="sub">{statusText(host, atMs)}</span>
      </td>
      <td class="m-wide">{troubleText(host)}</td>
      <Count value={host.containers} label="containers" />
      <Count value={host.open} label="open TCP" />
      <Count value={host.closeWait} label="CLOSE_WAIT" />
      <Count value={host.timeWait} label="TIME_WAIT" isMinor />
      <td class="descriptors m-hide">
        {host.fullestDescriptors === undefined ? (
          <span class="zero">–</span>
        ) : (
          <>
            <span>{percentText(host.fullestDescriptors)}</span>
            <Meter used={Math.round(host.fullestDescriptors * 100)} limit={100} name={`Descriptors of ${name}, %`} />
          </>
        )}
      </td>
      <td class="num m-hide">{host.conntrack === undefined ? '–' : percentText(host.conntrack)}</td>
      <td class="problem m-hide" title={host.notes.map(shown).join('\n')}>
        <span class="clamped faint">{noteText(host)}</span>
      </td>
      <td class="m-hide">
        <PageLink host={host} name={name} />
      </td>
    </tr>
  );
}

/** How bad a host is; undefined for a calm one. */
export function severityOf({
  problems,
  status,
  alerts,
  notes,
}: FleetHost): 'critical' | 'warning' | 'info' | undefined {
  if ((problems.critical ?? 0) > 0) return 'critical';
  if (status === 'silent' || (problems.warning ?? 0) > 0 || alerts > 0) return 'warning';
  return status === 'unknown' || notes.length > 0 ? 'info' : undefined;
}

/** Under the name: since when nothing came, else its instance. */
export function statusText({ status, lastSeenMs, host, instance }: FleetHost, atMs: number): string {
  if (status === 'unknown') return 'configured, nothing is stored of it';
  if (status === 'live' || lastSeenMs === undefined) return host === instance ? '' : shown(instance);
  return `silent for ${spanText(atMs - lastSeenMs)}, since ${momentText(lastSeenMs, atMs)}`;
}

/** Problems and alerts as words; a dash for none. */
export function troubleText({ problems: { critical = 0, warning = 0 }, alerts }: FleetHost): string {
  const parts = [
    ...(critical > 0 ? [`${countText(critical)} critical`] : []),
    ...(warning > 0 ? [many(warning, 'warning')] : []),
    ...(alerts > 0 ? [many(alerts, 'alert')] : []),
  ];
  return parts.length === 0 ? '–' : parts.join(', ');
}

/** Numbers older than this are worth a word, seconds. */
const OLD_SECONDS = 60;

function noteText({ notes, oldestSeconds = 0, gaps = 0 }: FleetHost): string {
  const [first] = notes;
  if (first !== undefined) return shown(first);
  if (oldestSeconds > OLD_SECONDS) return `numbers are up to ${spanText(oldestSeconds * 1000)} old`;
  return gaps > 0 ? `${many(gaps, 'network namespace')} not seen whole` : '–';
}

function PageLink({ host, name }: { host: FleetHost; name: string }) {
  const page = reachablePage(host);
  if (page !== undefined)
    return (
      <a href={page} target="_blank" rel="noreferrer" aria-label={`Open the page of ${name}`}>
        Open
      </a>
    );
  return <span class="faint">{host.url === undefined ? '–' : 'on the host alone'}</span>;
}
