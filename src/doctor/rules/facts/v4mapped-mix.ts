import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { Address } from '../../../model/socket/interned-address.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { roleOf } from '../../clients/clients.ts';
import { fact } from '../../facts.ts';
import { isEmbeddedDns } from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { type RuleInput, rule } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump, tcpIn } from '../../snapshots/snapshots.ts';

/** One service under two spellings of its address. */
export const v4mappedMix = rule({
  name: 'V4MAPPED_MIX',
  title: 'One service reached by IPv4 and by IPv4-mapped addresses',
  settings: {},
  judge: perNamespace(ofNamespace),
});

interface Reached {
  address: Address;
  port: number;
  /** Whether the namespace is the server. */
  own: boolean;
}

function ofNamespace(series: NetnsSeries, { series: { names } }: RuleInput) {
  const last = lastDump(series);
  if (last === undefined) return [];
  const established = tcpIn(last, TCP_STATE.ESTABLISHED);
  // Most namespaces have no IPv4-mapped peers: leave early.
  if (!established.some(({ peer }) => peer?.family === 'inet6' && peer.plain !== peer.text)) return [];
  const reached = established.flatMap((socket) => serviceOf(series, socket));
  return [...grouped(reached, ({ address, port }) => `${address.plain} ${port}`).values()].flatMap((sockets) => {
    const mapped = sockets.filter(({ address }) => address.family === 'inet6').length;
    const [first] = sockets;
    if (first === undefined || mapped === 0 || mapped === sockets.length) return [];
    const service = endpointText(names, first.address, first.port);
    return [
      fact({
        summary: `${service} is one service in two tables: ${plural(sockets.length - mapped, 'socket')} with its IPv4 address, ${mapped} with the same as IPv4-mapped IPv6; they are counted together`,
        evidence: [
          { what: `IPv4 sockets of ${service}`, value: sockets.length - mapped, source: 'sock_diag, AF_INET' },
          { what: `IPv4-mapped sockets of ${service}`, value: mapped, source: 'sock_diag, AF_INET6' },
        ],
        byHand: (target) =>
          `socklens ls ${target} 'dst ${first.address.plain}:${first.port} or src ${first.address.plain}:${first.port}'`,
        about: sockets.some(({ own }) => own) ? `port ${first.port}` : `peer ${service}`,
      }),
    ];
  });
}

/** The service that a connection is with, where its address is an IPv4 one, whatever the family. */
function serviceOf(series: NetnsSeries, socket: StoredSocket): Reached[] {
  const { local, localPort, peer, peerPort } = socket;
  if (isEmbeddedDns(socket)) return [];
  const own = roleOf(series, socket) === 'server';
  const address = own ? local : peer;
  if (address === undefined || address.plain.includes(':')) return [];
  return [{ address, port: own ? localPort : peerPort, own }];
}
