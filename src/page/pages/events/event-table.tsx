import type { ServedConnection } from '../../../serve/protocol/connections.ts';
import { Scroll } from '../../components/scroll.tsx';
import { num, TableHead } from '../../components/table-head.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { linkTo } from '../../state/route.ts';
import { bytesText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { clockText, spanText, utcText } from '../../text/times.ts';
import { endpointText } from '../socket-table.tsx';
import { isBad, type Line } from './lines.ts';

const HEIGHT = 28;
const CARD_HEIGHT = 78;
const COLUMNS = 8;
const IS_NARROW = matchMedia('(max-width: 640px)');

/** The lines of the stream; only those in sight are in the document. */
export function EventTable({ lines, selected }: { lines: readonly Line[]; selected: string | undefined }) {
  return (
    <Scroll label="Events">
      <table class="compact cards events" aria-rowcount={lines.length + 1}>
        <TableHead
          columns={['Time', 'Event', 'Container', 'Local', 'Peer', num('Took'), num('Sent, received'), 'Process']}
        />
        <VirtualRows
          items={lines}
          height={IS_NARROW.matches ? CARD_HEIGHT : HEIGHT}
          cellCount={COLUMNS}
          render={(line) =>
            line.event === undefined ? (
              <MarkRow key={line.key} line={line} isSelected={line.key === selected} />
            ) : (
              <EventRow key={line.key} line={line} event={line.event} isSelected={line.key === selected} />
            )
          }
        />
      </table>
    </Scroll>
  );
}

/** `21:07:10.123`. */
function Time({ atMs }: { atMs: number }) {
  const ms = String(Math.floor(atMs) % 1000).padStart(3, '0');
  return (
    <td class="mono" title={utcText(atMs)}>
      {clockText(atMs)}
      <span class="faint">.{ms}</span>
    </td>
  );
}

function EventRow({ line, event, isSelected }: { line: Line; event: ServedConnection; isSelected: boolean }) {
  const name = event.container ?? event.target;
  const { local, peer, processes = [], role } = event;
  const [process] = processes;
  return (
    <tr
      data-row={line.key}
      data-event={event.event}
      data-at={line.atMs}
      {...(isSelected && { 'aria-selected': 'true' as const })}
    >
      <Time atMs={line.atMs} />
      <td class={isBad(event) ? 'c-critical' : ''}>
        {eventText(event)}
        {event.proto !== 'tcp' && <span class="faint"> {event.proto.toUpperCase()}</span>}
      </td>
      <td>
        <a class="name" href={linkTo('container', name)}>
          {shown(name)}
        </a>
      </td>
      <td class="mono m-hide">{endpointText(local)}</td>
      <td class="mono m-wide">
        <span class="faint">{role === 'server' ? '←' : '→'}</span> {peer.port === 0 ? '–' : endpointText(peer)}
        {peer.name !== undefined && <span class="peer-name"> {shown(peer.name)}</span>}
      </td>
      <td class="num m-hide">{tookText(event)}</td>
      <td class="num m-hide">{bytesOf(event)}</td>
      <td class="m-hide">{process === undefined ? '–' : shown(`${process.pid}/${process.name}`)}</td>
    </tr>
  );
}

function MarkRow({ line, isSelected }: { line: Line; isSelected: boolean }) {
  const { mark } = line;
  if (mark === undefined) return null;
  const { problem, container, text, kind } = mark;
  const link = problem === undefined ? linkTo('container', container ?? '') : linkTo('problems', problem);
  return (
    <tr class="markline" data-row={line.key} data-mark={kind} {...(isSelected && { 'aria-selected': 'true' as const })}>
      <Time atMs={line.atMs} />
      <td colSpan={COLUMNS - 1}>
        {kind === 'problem' ? 'Problem ' : 'Container '}
        <a class="name" href={link}>
          {shown(text)}
        </a>
      </td>
    </tr>
  );
}

/** `failed: refused (ECONNREFUSED)`, `closed: reset`, `closed by peer`. */
function eventText({ event, outcome, errno, closedBy, count }: ServedConnection): string {
  const how = outcome === undefined || outcome === event ? '' : `: ${outcome}`;
  const who = how === '' && closedBy !== undefined ? ` by ${closedBy === 'peer' ? 'peer' : 'this side'}` : '';
  const alike = count === undefined ? '' : `, ${count} alike`;
  return `${event}${how}${who}${errno === undefined ? '' : ` (${errno})`}${alike}`;
}

/** How long it took to be established or to fail, or how long it was open. */
function tookText({ latencyUs, lifetime, event }: ServedConnection): string {
  if (event !== 'closed' && latencyUs !== undefined) return shortTime(latencyUs / 1000);
  if (lifetime === undefined) return '–';
  const { atLeastMs, atMostMs } = lifetime;
  // Its bounds are whole milliseconds.
  if (atMostMs === 0) return '< 1 ms';
  return atMostMs === undefined ? `> ${shortTime(atLeastMs)}` : shortTime(atMostMs);
}

function shortTime(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : spanText(ms);
}

function bytesOf({ bytesSent, bytesReceived }: ServedConnection): string {
  if (bytesSent === undefined || bytesReceived === undefined) return '–';
  return `${bytesText(bytesSent)}, ${bytesText(bytesReceived)}`;
}
