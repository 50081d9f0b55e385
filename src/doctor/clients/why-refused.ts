import { formatEndpoint } from '../../base/endpoint-text.ts';
import { podName, podOf } from '../../model/container/pod.ts';
import type { Evidence, Fix } from '../../model/finding/finding.ts';
import type { WatchedContainer } from '../../model/netns/netns.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { filterFix } from '../fixes/filter-fix.ts';
import { containersAt } from '../peers/endpoints.ts';
import { type ListenerOf, listenersOnPort } from '../peers/listeners-at.ts';
import { hasFullQueue, namespaceByAddress } from '../peers/namespace-by-address.ts';
import { dumpsOf, riseOf, tcpIn } from '../snapshots/snapshots.ts';

/** Why attempts to connect to an endpoint are refused, as far as the watched namespaces tell. */
export interface WhyRefused {
  /** As the rest of a sentence: `nothing listens there`. */
  because: string;
  /** True where the client reaches its server another way, and each attempt costs one refusal only. */
  isHarmless?: boolean;
  evidence: readonly Evidence[];
  /** The fixes of this cause, the likeliest first. */
  fixes: readonly Fix[];
}

/**
 * Looks for the listener that a client missed: at another address or of another family of the namespace that it called,
 * on another port there, or in another watched namespace.
 *
 * @param port 0 where it is not known
 */
export function whyRefused(series: Series, from: NetnsSeries, plain: string, port: number): WhyRefused {
  if (port === 0) return { because: 'which of its ports is not known', evidence: [], fixes: [START_ORDER] };
  const server = namespaceByAddress(series, from, plain);
  if (server === undefined) return ofUnknown(series, from, plain, port);
  const there = listenersOnPort(server, port).filter(({ isThere }) => isThere);
  if (there.length > 0) return ofListeners(server, there, from, plain, port);
  const elsewhere = isLoopback(plain) ? inOtherNamespaces(series, server, port) : [];
  const ports = otherPorts(server, plain);
  const evidence: Evidence[] = [
    {
      what: 'ports that are listened on there',
      value: ports.length === 0 ? 'none' : ports.join(', '),
      source: 'sock_diag',
    },
  ];
  if (elsewhere.length > 0) {
    evidence.push({ what: `who listens on port ${port} instead`, value: elsewhere.join(', '), source: 'sock_diag' });
  }
  const other =
    elsewhere.length === 0
      ? ''
      : `; ${elsewhere.join(' and ')} ${elsewhere.length === 1 ? 'listens' : 'listen'} on that port`;
  return {
    because: `nothing listens there${other}`,
    evidence,
    fixes: isLoopback(plain) ? ofLoopback(elsewhere) : ofPorts(server, plain, ports),
  };
}

/** So many ports that are listened on are a choice; more are a host with many services. */
const MOST_PORTS = 3;

function ofLoopback(elsewhere: readonly string[]): Fix[] {
  return [LOCALHOST, NOT_THERE, ...(elsewhere.length === 0 ? [START_ORDER] : [])];
}

/** Where few other ports are listened on, one of them is probably meant. */
function ofPorts(server: NetnsSeries, plain: string, ports: readonly number[]): Fix[] {
  const [only, ...others] = ports;
  if (only === undefined || ports.length > MOST_PORTS) return [NOT_THERE, START_ORDER];
  const text = `${server.namespace.name} listens on port ${ports.join(' and ')} there: give that port to its clients, or have it listen on theirs`;
  return [
    { where: "the client's configuration", text, ...(others.length === 0 && { snippet: formatEndpoint(plain, only) }) },
  ];
}

/** Of an address that no watched namespace is known to have: one may be a namespace that listens at its loopback only. */
function ofUnknown(series: Series, from: NetnsSeries, plain: string, port: number): WhyRefused {
  const candidates = series.namespaces.filter((netns) => {
    const there = listenersOnPort(netns, port).filter(({ isThere }) => isThere);
    return netns !== from && there.length > 0 && there.every(({ socket }) => isLoopback(socket.local?.plain ?? ''));
  });
  const [candidate, ...others] = candidates;
  if (candidate !== undefined && others.length === 0) {
    const bound = [...new Set(listenersOnPort(candidate, port).map(({ socket }) => boundText(socket)))].join(', ');
    return {
      because: `nothing listens at that address; ${candidate.namespace.name} listens at ${bound} only`,
      evidence: [
        { what: `listeners on port ${port} of ${candidate.namespace.name}`, value: bound, source: 'sock_diag' },
      ],
      fixes: [bindFix(plain)],
    };
  }
  const [there] = containersAt(series, plain);
  const side = there === undefined ? 'that side' : `that side (${placeOf(there)})`;
  return {
    because: `nothing listens there, or a firewall rejects it; ${side} is not watched`,
    evidence: [],
    fixes: [NOT_THERE, START_ORDER],
  };
}

/** The containers of a pod have one address: which of them is meant is not known. */
function placeOf(container: WatchedContainer): string {
  const pod = podOf(container);
  return pod === undefined ? `container ${container.name}` : `pod ${podName(pod)}`;
}

function bindFix(plain: string): Fix {
  return {
    where: "the server's configuration",
    text: `listen on 0.0.0.0 (or ::), or on ${plain}: what is bound to another address does not take connections to this one (PostgreSQL listen_addresses, MySQL bind-address, Redis bind)`,
  };
}

function ofListeners(
  server: NetnsSeries,
  there: readonly ListenerOf[],
  from: NetnsSeries,
  plain: string,
  port: number,
): WhyRefused {
  const sockets = there.map(({ socket }) => socket);
  const bound = [...new Set(sockets.map(boundText))].join(', ');
  const evidence: Evidence[] = [{ what: `listeners on port ${port} there`, value: bound, source: 'sock_diag' }];
  if (sockets.some((socket) => takes(socket, plain))) {
    if (wasThere(server, plain, port)) return ofFilter(server, bound, port, evidence);
    return {
      because: `it is listened on at ${bound} now: the listener is new, or rejects (net.ipv4.tcp_abort_on_overflow, a firewall)`,
      evidence,
      fixes: [START_ORDER],
    };
  }
  const otherFamily = sockets.every((socket) => isIpv6(socket.local?.plain ?? '') !== isIpv6(plain));
  if (isLoopback(plain) && otherFamily) {
    const other = sockets.find(({ local }) => isAny(local?.plain) || isLoopback(local?.plain ?? ''));
    const family = isIpv6(plain) ? 'IPv4' : 'IPv6';
    const reached = connectedOtherwise(from, plain, port);
    return {
      because: `the listener is at ${bound}, ${family} only, and ${plain} was tried${reached ? ' first' : ''}`,
      isHarmless: reached && other !== undefined,
      evidence: reached
        ? [...evidence, { what: 'connections to it over the other family', value: 'established', source: 'sock_diag' }]
        : evidence,
      fixes: [
        {
          where: 'the application',
          text: `"localhost" means ::1 and 127.0.0.1: name the address that the server listens on`,
          snippet: formatEndpoint(isIpv6(plain) ? '127.0.0.1' : '::1', port),
        },
        { where: "the server's configuration", text: 'listen on both families: [::] without IPV6_V6ONLY' },
      ],
    };
  }
  return {
    because: `the listener is at ${bound} only`,
    evidence,
    fixes: [bindFix(plain)],
  };
}

/** Whether an address and port was listened on in every dump. */
function wasThere(server: NetnsSeries, plain: string, port: number): boolean {
  const dumps = dumpsOf(server);
  return (
    dumps.length > 1 &&
    dumps.every((dump) =>
      tcpIn(dump, TCP_STATE.LISTEN).some((socket) => socket.localPort === port && takes(socket, plain)),
    )
  );
}

/** A listener that was there all the time refuses nothing by itself: what answers stands before it. */
function ofFilter(server: NetnsSeries, bound: string, port: number, evidence: readonly Evidence[]): WhyRefused {
  const full = hasFullQueue(server, port);
  const resets = riseOf(server, 'TcpOutRsts')?.rise;
  return {
    because: full
      ? `it is listened on at ${bound} all the time, and its queue is full: the kernel resets what it does not take (net.ipv4.tcp_abort_on_overflow)`
      : `it is listened on at ${bound} all the time: a packet filter rejects them${resets === 0 ? ', since that host sent no reset' : ''}`,
    evidence,
    fixes: full ? [ABORT_ON_OVERFLOW] : [filterFix(server, port)],
  };
}

/** Whether a listener takes connections to an address. */
function takes(socket: StoredSocket, plain: string): boolean {
  const address = socket.local?.plain ?? '';
  if (address === plain) return true;
  if (!isAny(address)) return false;
  if (isIpv6(plain)) return isIpv6(address);
  return !isIpv6(address) || socket.v6only() !== true;
}

/** Whether the client's namespace is connected to the same port at the loopback address of the other family. */
function connectedOtherwise(from: NetnsSeries, plain: string, port: number): boolean {
  return dumpsOf(from).some((dump) =>
    [TCP_STATE.ESTABLISHED, TCP_STATE.TIME_WAIT].some((state) =>
      tcpIn(dump, state).some(
        ({ peer, peerPort }) =>
          peerPort === port && peer !== undefined && isLoopback(peer.plain) && isIpv6(peer.plain) !== isIpv6(plain),
      ),
    ),
  );
}

/** Names of other watched namespaces with a listener on a port. */
function inOtherNamespaces({ namespaces }: Series, own: NetnsSeries, port: number): string[] {
  return namespaces
    .filter((netns) => netns !== own && listenersOnPort(netns, port).some(({ isThere }) => isThere))
    .map((netns) => netns.namespace.name);
}

/** Ports on which an address is listened on, the lowest first, a dozen at most. */
function otherPorts(server: NetnsSeries, plain: string): number[] {
  const last = dumpsOf(server).at(-1);
  const sockets = last === undefined ? [] : tcpIn(last, TCP_STATE.LISTEN).filter((socket) => takes(socket, plain));
  return [...new Set(sockets.map(({ localPort }) => localPort))].sort((a, b) => a - b).slice(0, 12);
}

function boundText({ local, localPort }: StoredSocket): string {
  return formatEndpoint(local?.plain ?? '*', localPort);
}

function isAny(plain: string | undefined): boolean {
  return plain === '0.0.0.0' || plain === '::' || plain === '*';
}

function isIpv6(plain: string): boolean {
  return plain.includes(':');
}

/** The server has to be there first. */
export const START_ORDER: Fix = {
  where: 'the deployment',
  text: 'start the server first, and wait until it listens (depends_on with condition service_healthy, a readiness probe)',
};

const ABORT_ON_OVERFLOW: Fix = {
  where: 'the server',
  text: 'accept faster, or ask for a longer backlog: see LISTEN_OVERFLOW there; with net.ipv4.tcp_abort_on_overflow at 0 clients try again instead of failing',
};

const LOCALHOST: Fix = {
  where: 'the application',
  text: '"localhost" inside a container is the container itself: give the name of the other container or host instead',
};

/** Nothing is known of what listens. */
export const NOT_THERE: Fix = {
  where: 'the application',
  text: 'the address or the port is wrong, or the server died: check what listens there',
};
