import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { WatchedContainer } from '../../../model/netns/netns.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { tcpListeners } from '../../listeners/listeners.ts';
import { perContainer } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { otherEndOf, tupleOf } from '../../snapshots/same-socket.ts';
import { dumpsOf, lastDump, tcpIn } from '../../snapshots/snapshots.ts';

const settings = {
  warning: { default: 100, unit: 'count', text: 'more connections than this through the proxy' },
} as const;

/** Clients that reach a container through the Engine's userland proxy. */
export const dockerProxyHop = rule({
  name: 'DOCKER_PROXY_HOP',
  title: "Connections that pass through Docker's userland proxy",
  settings,
  judge: perContainer(ofContainer),
});

function ofContainer(
  container: WatchedContainer,
  netns: NetnsSeries,
  { series }: RuleInput,
  values: SettingValues<typeof settings>,
): Fault[] {
  if (netns.namespace.host) return [];
  const ports = new Set(tcpListeners(dumpsOf(netns)).map(({ socket }) => socket.localPort));
  const last = lastDump(netns);
  const connections = last && tcpIn(last, TCP_STATE.ESTABLISHED).filter(({ localPort }) => ports.has(localPort));
  const proxied = proxyTuples(series);
  const hops = (connections ?? []).filter(
    (socket) =>
      container.gateways?.includes(socket.peer?.plain ?? '') &&
      (socket.container ?? container.name) === container.name &&
      // A process of the host that dials the container's own address has the gateway's address as well.
      (proxied === undefined ? isPublished(container, socket.localPort) : proxied.has(otherEndOf(socket))),
  );
  return [...grouped(hops, ({ localPort }) => String(localPort)).values()].map((of) =>
    ofPort(of, proxied !== undefined, values),
  );
}

/** Connections that docker-proxy holds on the host, as it sees them; undefined where the sockets of the host were not read. */
function proxyTuples({ namespaces }: Series): ReadonlySet<string> | undefined {
  const host = namespaces.find(({ namespace }) => namespace.host);
  const sockets = host === undefined ? undefined : lastDump(host)?.sockets;
  if (sockets === undefined) return undefined;
  return new Set(sockets.filter(({ holders }) => holders.some(({ name }) => name === 'docker-proxy')).map(tupleOf));
}

function isPublished({ declared }: WatchedContainer, port: number): boolean {
  const published = declared?.published ?? [];
  return published.some(({ proto, containerPort, hostPort }) => {
    return proto === 'tcp' && containerPort === port && hostPort !== undefined;
  });
}

function ofPort(hops: readonly StoredSocket[], seen: boolean, values: SettingValues<typeof settings>): Fault {
  const [first] = hops;
  const port = first?.localPort ?? 0;
  return {
    severity: hops.length > values.warning ? 'warning' : 'info',
    confidence: seen ? 'high' : 'medium',
    summary: `${plural(hops.length, 'connection')} to port ${port} ${hops.length === 1 ? 'comes' : 'come'} through docker-proxy: the container sees ${first?.peer?.plain} instead of its clients, and the host holds two sockets for each`,
    evidence: [
      { what: `connections of port ${port} whose peer is the gateway`, value: hops.length, source: 'sock_diag' },
      seen
        ? { what: 'of them whose other end docker-proxy holds', value: hops.length, source: "the host's /proc/PID/fd" }
        : {
            what: 'published on the host',
            value: `port ${port}`,
            source: "the Engine (the host's sockets were not read)",
          },
    ],
    fixes: [
      {
        where: 'the client',
        text: "connect by a network that both containers share, and by the container's name, instead of a port of the host",
      },
      {
        where: '/etc/docker/daemon.json',
        text: 'without the proxy the kernel redirects such connections too; restart the Engine. Its descriptors count against the limit that it inherited from the Engine',
        snippet: '"userland-proxy": false',
      },
      { where: 'docker run', text: "or share the host's network", snippet: '--network host' },
    ],
    byHand: (target) => `socklens ls ${target} 'sport = ${port} and dst gateway'`,
    about: `port ${port}`,
  };
}
