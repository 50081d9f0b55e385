import { type Endpoint, type InetSocketRow, isInetRow, type SocketRow } from '../../model/socket/socket-row.ts';
import { PAINTS, type PaintName } from '../charts/paint.ts';
import { Scroll } from '../components/scroll.tsx';
import { Swatch } from '../components/swatch.tsx';
import { num, TableHead } from '../components/table-head.tsx';
import { VirtualRows } from '../components/virtual-rows.tsx';
import { countText } from '../text/numbers.ts';
import { shown } from '../text/shown.ts';
import { spanText } from '../text/times.ts';
import { noteOf } from './socket-note.ts';

const HEIGHT = 28;
const CARD_HEIGHT = 138;
const COLUMNS = 10;
const IS_NARROW = matchMedia('(max-width: 640px)');

/** The present sockets; only the rows in sight are in the document. */
export function SocketTable({ sockets }: { sockets: readonly SocketRow[] }) {
  const internet = sockets.filter(isInetRow);
  return (
    <Scroll label="Sockets">
      <table class="compact cards sockets" aria-rowcount={internet.length + 1}>
        <TableHead
          columns={[
            'State',
            'Local',
            'Peer',
            'Peer address',
            num('Recv-Q'),
            num('Send-Q'),
            num('Idle'),
            num('RTT'),
            'Process',
            'Note',
          ]}
        />
        <VirtualRows
          items={internet}
          height={IS_NARROW.matches ? CARD_HEIGHT : HEIGHT}
          cellCount={COLUMNS}
          render={(socket, index) => <Row key={socket.cookie ?? index} socket={socket} />}
        />
      </table>
    </Scroll>
  );
}

function Row({ socket }: { socket: InetSocketRow }) {
  const { state, proto, local, peer, receiveQueue, sendQueue, tcpInfo, processes } = socket;
  const isTcp = proto === 'tcp' || proto === 'mptcp';
  const paint = isTcp ? paintOf(state) : 'close';
  const isOpen = isTcp && state !== 'LISTEN';
  const idleMs = Math.min(tcpInfo?.lastSentMs ?? Infinity, tcpInfo?.lastReceivedMs ?? Infinity);
  const rttUs = tcpInfo?.rttUs ?? 0;
  const note = noteOf(socket);
  const peerName =
    peer.name === undefined ? '' : `${shown(peer.name)}${peer.service === undefined ? '' : `:${peer.service}`}`;
  return (
    <tr data-socket={`${endpointText(local)} ${endpointText(peer)}`}>
      <td>
        <span class="state">
          <Swatch paint={paint} />
          {isTcp ? state : proto.toUpperCase()}
        </span>
      </td>
      <td class="mono">{endpointText(local)}</td>
      <td class="m-hide peer-cell" title={peerName}>
        {peerName}
      </td>
      <td class="mono">{peer.port === 0 ? <span class="faint">–</span> : endpointText(peer)}</td>
      <Queue value={receiveQueue} label="Recv-Q" />
      <Queue value={sendQueue} label="Send-Q" />
      <td class="num m-hide">{isOpen && Number.isFinite(idleMs) ? spanText(idleMs) : <span class="faint">–</span>}</td>
      <td class="num m-hide">{isOpen && rttUs > 0 ? rttText(rttUs) : <span class="faint">–</span>}</td>
      <td class="m-wide">{processes.length === 0 ? <span class="faint">–</span> : shown(holdersText(processes))}</td>
      <td class={`m-wide note-cell ${note?.isTrouble === true ? '' : 'faint'}`} title={note?.text}>
        {note?.text}
      </td>
    </tr>
  );
}

function Queue({ value, label }: { value: number | undefined; label: string }) {
  return (
    <td class={`num ${value === 0 ? 'zero' : ''}`} data-l={label}>
      {value === undefined ? '–' : countText(value)}
    </td>
  );
}

/** `Pool` of states to paints: as the style sheet, in lower case with hyphens. */
function paintOf(state: string): PaintName {
  const name = state.toLowerCase().replace(/_(?=[a-z])/g, '-');
  return Object.hasOwn(PAINTS, name) ? (name as PaintName) : 'close';
}

/** `address:port` as ss prints it. */
export function endpointText({ address, zone, port }: Endpoint): string {
  const host = `${address}${zone === undefined ? '' : `%${zone}`}`;
  return `${address.includes(':') ? `[${host}]` : host}:${port === 0 ? '*' : port}`;
}

function rttText(us: number): string {
  return us < 1000 ? `${us} µs` : `${Number((us / 1000).toPrecision(2))} ms`;
}

function holdersText(processes: InetSocketRow['processes']): string {
  const [first] = processes;
  if (first === undefined) return '';
  return `${first.pid}/${first.name}${processes.length > 1 ? ` +${processes.length - 1}` : ''}`;
}
