import type { SocketTimer } from '../model/socket/socket-row.ts';
import type { TcpInfo } from '../model/socket/tcp-info.ts';

/**
 * The line below a row that `-i` adds, the most useful values first. Fields that the kernel does not report
 * are left out.
 */
export function tcpInfoLine(info: TcpInfo, timer: SocketTimer | undefined): string {
  const parts: string[] = [];
  const add = (label: string, value: number | undefined, text: (value: number) => string = String) => {
    if (value !== undefined) parts.push(`${label}:${text(value)}`);
  };
  const some = (label: string, value: number | undefined, text?: (value: number) => string) => {
    if (value !== 0) add(label, value, text);
  };
  if (timer !== undefined)
    parts.push(`timer:${timer.kind}/${milliseconds(timer.expiresMs * 1000)}/${timer.retransmits}`);
  add('rtt', info.rttUs, milliseconds);
  add('rttvar', info.rttVarUs, milliseconds);
  add('rto', info.rtoUs, milliseconds);
  add('cwnd', info.congestionWindowSegments);
  add('mss', info.sendMssBytes);
  some('unacked', info.unackedSegments);
  some('notsent', info.notSentBytes);
  some('lost', info.lostSegments);
  some('retrans', info.totalRetrans);
  some('probes', info.probes);
  add('sent', info.bytesSent);
  add('received', info.bytesReceived);
  add('sndwnd', info.sendWindowBytes);
  add('rcvwnd', info.receiveWindowBytes);
  add('lastsnd', info.lastSentMs, (value) => milliseconds(value * 1000));
  add('lastrcv', info.lastReceivedMs, (value) => milliseconds(value * 1000));
  return `    ${parts.join(' ')}`;
}

/** Microseconds as milliseconds with their unit, seconds from a minute on. */
function milliseconds(microseconds: number): string {
  if (microseconds >= 60_000_000) return `${Math.round(microseconds / 1_000_000)}s`;
  return `${Number((microseconds / 1000).toFixed(microseconds < 10_000 ? 2 : 0))}ms`;
}
