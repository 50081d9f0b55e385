import type { EndedConnection, Lifetime } from '../model/ended.ts';
import type { PeerSummary } from '../model/peer-summary.ts';
import type { Endpoint } from '../model/socket-row.ts';

/**
 * One connection as a line of NDJSON. Written by hand: there may be ten thousands of them a second,
 * and most of a line is numbers.
 */
export function endedLine(ended: EndedConnection): string {
  const { process, container, role, bytesSent, bytesReceived, rttUs, retransmits } = ended;
  return (
    `{"type":"connection","at":"${ended.at.toISOString()}","target":${quoted(ended.target)},"proto":"${ended.proto}",` +
    `"family":"${ended.family}","local":${endpoint(ended.local)},"peer":${endpoint(ended.peer)}` +
    (role === undefined ? '' : `,"role":"${role}"`) +
    (process === undefined ? '' : `,"process":{"pid":${process.pid},"name":${quoted(process.name)}}`) +
    (container === undefined ? '' : `,"container":${quoted(container)}`) +
    `,"lifetime":${lifetime(ended.lifetime)}` +
    number('bytesSent', bytesSent) +
    number('bytesReceived', bytesReceived) +
    number('rttUs', rttUs) +
    number('retransmits', retransmits) +
    `,"outcome":"${ended.outcome}","cookie":"${ended.cookie}"}\n`
  );
}

function number(key: string, value: number | undefined): string {
  return value === undefined ? '' : `,"${key}":${value}`;
}

function lifetime({ atLeastMs, atMostMs }: Lifetime): string {
  return atMostMs === undefined ? `{"atLeastMs":${atLeastMs}}` : `{"atLeastMs":${atLeastMs},"atMostMs":${atMostMs}}`;
}

function endpoint({ address, port, name, service }: Endpoint): string {
  return (
    `{"address":"${address}","port":${port}` +
    (name === undefined ? '' : `,"name":${quoted(name)}`) +
    (service === undefined ? '}' : `,"service":${quoted(service)}}`)
  );
}

const known = new Map<string, string>();

/** JSON text of a name; names are few and come again and again. */
function quoted(text: string): string {
  let json = known.get(text);
  if (json === undefined) {
    json = JSON.stringify(text);
    if (known.size < 10_000) known.set(text, json);
  }
  return json;
}

/** Events that the kernel dropped, and the time in which some are missing. */
export function gapLine(target: string, from: Date, to: Date): string {
  return `${JSON.stringify({ type: 'gap', target, from, to, reason: 'the kernel dropped events: its buffer was full' })}\n`;
}

/** The last line of a stream. */
export function summaryLine(summary: {
  from: Date;
  to: Date;
  connections: number;
  gaps: number;
  peers: readonly PeerSummary[];
}): string {
  return `${JSON.stringify({ type: 'summary', ...summary })}\n`;
}
