import { Component } from 'preact';
import type { ContainerRow } from '../../serve/protocol.ts';
import { Meter } from '../components/meter.tsx';
import { SeverityMark } from '../components/severity.tsx';
import { Spark } from '../components/spark.tsx';
import { StateBar } from '../components/state-bar.tsx';
import { countText, many, percentText, rateText } from '../text/numbers.ts';
import { shown } from '../text/shown.ts';
import { momentText } from '../text/times.ts';
import { descriptorShare, troubleOf } from './order.ts';

/** What a line shows beside the numbers of its row. */
interface LineContext {
  isCompact: boolean;
  isIndented: boolean;
  isSelected: boolean;
  /** Open sockets over the time shown; a change of {@link pastState} tells that they are others. */
  past: () => readonly (number | undefined)[];
  pastState: string;
  /** Growth of CLOSE_WAIT; undefined where it is not known. */
  closeWaitPerMinute: number | undefined;
  /** Titles of its problems, the worst first. */
  problems: readonly string[];
  /** Sockets that match the filter; undefined without one. */
  matching: number | undefined;
}

/** How many columns a line has. */
export const COLUMNS = 13;

/** A container. Most ticks change few rows: the others are not drawn again. */
export class ContainerLine extends Component<LineProps> {
  #drawn = stateOf(this.props);

  override shouldComponentUpdate(next: LineProps): boolean {
    const wanted = stateOf(next);
    const isOther = wanted !== this.#drawn;
    this.#drawn = wanted;
    return isOther;
  }

  override render() {
    return <Line {...this.props} />;
  }
}

interface LineProps {
  row: ContainerRow;
  context: LineContext;
  /** Of the time shown: its link has it. */
  link: string;
}

/** All that a line shows, as text. */
function stateOf({ row, context, link }: LineProps): string {
  const { snapshotAtMs, ...shown } = row;
  return JSON.stringify([shown, context, link]);
}

function Line({ row, context, link }: LineProps) {
  const { isCompact, isSelected, isIndented } = context;
  const trouble = troubleOf(row);
  return (
    <tr
      data-row={row.name}
      aria-selected={isSelected}
      class={row.status === 'stopped' ? 'stopped' : trouble === 0 ? 'calm' : ''}
    >
      <td class="m-sev">
        {trouble >= 2 && <SeverityMark severity={trouble === 3 ? 'critical' : 'warning'} />}
        {row.status === 'stopped' && <SeverityMark severity="resolved" />}
      </td>
      <td class={`m-name ${isIndented ? 'indent' : ''}`}>
        <a class="name" href={link} title={shown(row.name)}>
          {shown(row.name)}
        </a>
        <Sub isCompact={isCompact} text={shown(subtitleOf(row))} />
      </td>
      <SocketCells row={row} context={context} />
      <DescriptorCell row={row} isCompact={isCompact} />
      <Rate value={row.openedPerSecond} why={reasonOf(row)} />
      <Rate value={row.failedPerSecond} why={reasonOf(row)} isBad={true} />
      <Rate value={row.closedPerSecond} why={reasonOf(row)} class="roomy" />
      <PeerCell row={row} isCompact={isCompact} />
      <td class="num m-hide roomy ports">{portsOf(row)}</td>
      <ProblemCell row={row} context={context} />
    </tr>
  );
}

/** The titles of its problems: the first on two lines where it is the only one. All of them are there in full on hover and for who listens. */
function ProblemCell({ row, context: { problems, isCompact } }: { row: ContainerRow; context: LineContext }) {
  const [first, ...others] = problems.map(shown);
  if (first === undefined) {
    return (
      <td class="problem m-hide" title={row.note === undefined ? undefined : shown(row.note)}>
        <span class="clamped faint">{shown(noteOf(row))}</span>
      </td>
    );
  }
  return (
    <td class="problem m-wide" title={[first, ...others].join('\n')}>
      <span class={`clamped ${others.length > 0 || isCompact ? 'one' : ''}`}>{first}</span>
      {others.length > 0 && <Sub isCompact={isCompact} text={others.join(', ')} />}
    </td>
  );
}

/** The second line of a cell; in a line of one it follows. */
function Sub({ isCompact, text }: { isCompact: boolean; text: string }) {
  if (text === '') return null;
  return isCompact ? <span class="faint beside">{text}</span> : <span class="sub">{text}</span>;
}

function subtitleOf(row: ContainerRow): string {
  if (row.status === 'stopped') {
    return row.stoppedAtMs === undefined ? 'stopped' : `stopped ${momentText(row.stoppedAtMs, Date.now())}`;
  }
  return row.image?.replace(/^.*\//, '').replace(/@sha256:.*/, '') ?? row.runtime;
}

function noteOf({ status, note }: ContainerRow): string {
  if (status === 'not-read') return note ?? 'not read';
  return note ?? '–';
}

/** Why a number of a row is not known; undefined where the row says nothing about it. */
function reasonOf({ status, note }: ContainerRow): string | undefined {
  return status === 'stopped' ? 'it stopped' : note;
}

function SocketCells({ row, context }: { row: ContainerRow; context: LineContext }) {
  const { sockets, descriptors } = row;
  const past = (
    <td class="m-wide">
      <Spark
        values={context.past()}
        limit={descriptors?.limit ?? undefined}
        isReached={descriptors !== undefined && descriptors.limit !== null && descriptors.used >= descriptors.limit}
      />
    </td>
  );
  if (sockets === undefined) {
    const why = reasonOf(row) ?? 'not read yet';
    return (
      <>
        <Unknown why={why} class="m-open" />
        {past}
        <Unknown why={why} />
        <Unknown why={why} />
      </>
    );
  }
  const closeWait = sockets.byState.CLOSE_WAIT ?? 0;
  const slope = context.closeWaitPerMinute;
  return (
    <>
      <td class="m-open open">
        <span class="pair">
          <span data-open>{countText(sockets.open)}</span>
          {context.matching !== undefined && <span class="faint">{countText(context.matching)} match</span>}
        </span>
        <StateBar sockets={sockets} />
      </td>
      {past}
      <td class={`num m-hide ${closeWait === 0 ? 'zero' : ''}`}>
        <span data-close-wait>{countText(closeWait)}</span>
        {slope !== undefined && slope !== 0 && (
          <Sub isCompact={context.isCompact} text={`${slope > 0 ? '+' : '−'}${countText(Math.abs(slope))}/min`} />
        )}
      </td>
      <td class={`num m-hide ${sockets.timeWait === 0 ? 'zero' : ''}`} data-time-wait>
        {countText(sockets.timeWait)}
      </td>
    </>
  );
}

function DescriptorCell({ row, isCompact }: { row: ContainerRow; isCompact: boolean }) {
  const { descriptors } = row;
  if (descriptors === undefined) return <Unknown why={reasonOf(row) ?? 'descriptors not read'} class="m-wide" />;
  const { used, limit } = descriptors;
  return (
    <td class="m-wide descriptors">
      <span class="pair">
        <span data-descriptors>
          {isCompact && limit !== null ? percentText(descriptorShare(row)) : countText(used)}
        </span>
        {!isCompact && <span class="faint">{limit === null ? 'no limit' : countText(limit)}</span>}
      </span>
      {limit !== null && <Meter used={used} limit={limit} name="descriptors" />}
    </td>
  );
}

function Rate(props: { value: number | undefined; why: string | undefined; isBad?: boolean; class?: string }) {
  const { value, why = 'connections are not reported here', isBad = false, class: name = '' } = props;
  if (value === undefined) return <Unknown why={why} class={`m-hide ${name}`} />;
  return (
    <td class={`num m-hide ${name} ${value === 0 ? 'zero' : ''}`}>
      <span class={isBad && value > 0 ? 'c-critical' : ''}>{rateText(value)}</span>
    </td>
  );
}

function PeerCell({ row: { busiestPeer }, isCompact }: { row: ContainerRow; isCompact: boolean }) {
  if (busiestPeer === undefined) return <td class="m-hide faint">–</td>;
  const { name, address, port, service, direction, count } = busiestPeer;
  const host = shown(name ?? address);
  const text = direction === 'in' || port === 0 ? host : `${host}:${service ?? port}`;
  return (
    <td class="m-hide peer" title={text}>
      {text}
      <Sub isCompact={isCompact} text={isCompact ? countText(count) : many(count, 'socket')} />
    </td>
  );
}

const SHOWN_PORTS = 2;

function portsOf({ ports }: ContainerRow): string {
  if (ports === undefined || ports.length === 0) return '–';
  const numbers = [...new Set(ports.map(({ port }) => port))];
  const rest = numbers.length - SHOWN_PORTS;
  return numbers.slice(0, SHOWN_PORTS).join(', ') + (rest > 0 ? ` +${rest}` : '');
}

function Unknown({ why, class: name = 'm-hide' }: { why: string; class?: string }) {
  return (
    <td class={`num faint ${name}`} title={why}>
      <span aria-label={`not known: ${why}`} role="img">
        –
      </span>
    </td>
  );
}
