import { formatIpv4, formatIpv6, isMapped } from '../../model/socket/address.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { type NetstatNames, type Side, wordOf } from './names.ts';
import type { NetstatOptions } from './options.ts';

const BLANK = 0x20;
const COLON = 0x3a;
/** Width of the two address columns. */
const WIDTH = 23;
/** Maximum length of address and port, without the colon; longer ones are truncated. */
const MAX_LENGTH = 22;
/** Minimum length of an address that is truncated for a long port name. */
const MIN_ADDRESS = 4;

/** Writes an endpoint of a socket, padded to its column. */
export function writeEndpoint(
  out: ByteWriter,
  socket: SocketView,
  side: Side,
  proto: 'tcp' | 'udp' | 'raw',
  options: NetstatOptions,
  names: NetstatNames,
): void {
  const start = out.length;
  const port = side === 'local' ? socket.localPort : socket.peerPort;
  const plain = options.numericPorts || port === 0;
  if (socket.family === 'inet' && options.numericHosts && plain) {
    // The common case, written directly into bytes: an IPv4 address and a port number always fit.
    out.ipv4(wordOf(socket, side, 0));
    out.byte(COLON);
    if (port === 0) out.byte(0x2a);
    else out.uint(port);
  } else {
    const address = addressText(socket, side, options, names);
    const service = port === 0 ? '*' : ((plain ? undefined : names.service(port, proto)) ?? String(port));
    writeTruncated(out, address, service, options.wide);
  }
  out.fill(BLANK, WIDTH - (out.length - start));
}

function writeTruncated(out: ByteWriter, address: string, service: string, wide: boolean): void {
  if (wide || address.length + service.length <= MAX_LENGTH) {
    out.text(`${address}:${service}`);
    return;
  }
  const port = service.slice(0, MAX_LENGTH - MIN_ADDRESS);
  out.text(`${address.slice(0, MAX_LENGTH - port.length)}:${port}`);
}

function addressText(socket: SocketView, side: Side, options: NetstatOptions, names: NetstatNames): string {
  const w0 = wordOf(socket, side, 0);
  if (socket.family === 'inet') {
    const address = formatIpv4(w0);
    return options.numericHosts || w0 === 0 ? address : (names.host(address) ?? address);
  }
  const w1 = wordOf(socket, side, 1);
  const w2 = wordOf(socket, side, 2);
  const w3 = wordOf(socket, side, 3);
  if (!options.numericHosts) {
    if ((w0 | w1 | w2 | w3) === 0) return '[::]';
    const name = names.host(formatIpv6(w0, w1, w2, w3));
    if (name !== undefined) return name;
  }
  return isMapped(w0, w1, w2) ? formatIpv4(w3) : formatIpv6(w0, w1, w2, w3);
}
