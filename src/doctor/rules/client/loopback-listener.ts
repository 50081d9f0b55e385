import type { PublishedPort } from '../../../model/container/container.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { WatchedContainer } from '../../../model/netns/netns.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { isLoopback } from '../../../model/socket/loopback.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { perContainer } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { type Dump, dumpsOf } from '../../snapshots/snapshots.ts';

const settings = {
  looks: { default: 2, unit: 'count', text: 'snapshots that must all show it (a restart shows in one)' },
} as const;

type Values = SettingValues<typeof settings>;

/** A published port on which the container cannot be reached. */
export const loopbackListener = rule({
  name: 'LOOPBACK_LISTENER',
  title: 'A published port with a listener at the loopback address only, or with none',
  settings,
  needsSnapshots: ({ looks }) => looks,
  judge: perContainer(ofContainer),
});

function ofContainer(container: WatchedContainer, netns: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  const dumps = dumpsOf(netns);
  // In the host's namespace nothing is passed on: publishing is ignored there.
  if (netns.namespace.host || dumps.length < values.looks) return [];
  return publishedPorts(container).flatMap((port) => ofPort(container, port, dumps));
}

/** Each port once, though it may be published on several ports and families of the host. */
function publishedPorts({ declared }: WatchedContainer): PublishedPort[] {
  const ports = new Map<string, PublishedPort>();
  for (const port of declared?.published ?? []) {
    if (port.hostPort !== undefined) ports.set(`${port.proto} ${port.containerPort}`, port);
  }
  return [...ports.values()].filter(({ proto }) => proto === 'tcp' || proto === 'udp');
}

function ofPort({ name }: WatchedContainer, port: PublishedPort, dumps: readonly Dump[]): Fault[] {
  const { proto, containerPort, hostPort } = port;
  const listening = dumps.map((dump) => addressesOn(dump, port));
  if (listening.some((addresses) => addresses.some((address) => !isLoopback(address)))) return [];
  const complete = dumps.every(({ coverage }) => coverage?.complete !== false);
  const last = listening.at(-1) ?? [];
  if (last.length === 0 && !complete) return [];
  const bound = last.join(', ');
  const others = last.length === 0 ? otherPorts(dumps, proto) : [];
  return [
    {
      severity: 'warning',
      confidence: last.length === 0 ? 'medium' : 'high',
      summary:
        last.length === 0
          ? `port ${hostPort} of the host is forwarded to ${name}:${containerPort}, but nothing listens there${others.length === 0 ? '' : `: it listens on ${others.join(', ')}`}`
          : `port ${hostPort} of the host is forwarded to ${name}:${containerPort}, but the only listener is at ${bound}, which is not reachable from outside`,
      evidence: [
        {
          what: `published as ${proto} ${hostPort} of the host`,
          value: containerPort,
          source: "the runtime's port mapping",
        },
        { what: 'listening addresses', value: last.length === 0 ? 'none' : bound, source: 'sock_diag' },
        ...(others.length === 0
          ? []
          : [{ what: 'ports on which it can be reached', value: others.join(', '), source: 'sock_diag' }]),
        { what: 'snapshots that showed it', value: dumps.length, source: 'sock_diag' },
      ],
      fixes: last.length === 0 ? noListener(port, others) : LOOPBACK,
      byHand: (target) => `socklens ls ${target} 'state listening,unconnected and sport ${containerPort}'`,
      about: `port ${containerPort}`,
    },
  ];
}

/** The addresses at which the port is listened on, or bound for datagrams. */
function addressesOn({ sockets }: Dump, { proto, containerPort }: PublishedPort): string[] {
  const found = sockets.filter((socket) => socket.localPort === containerPort && isOpen(socket, proto));
  return [...new Set(found.map(({ local }) => local?.plain ?? '*'))];
}

function isOpen(socket: StoredSocket, proto: string): boolean {
  return proto === 'tcp'
    ? (socket.proto === 'tcp' || socket.proto === 'mptcp') && socket.state === TCP_STATE.LISTEN
    : socket.proto === 'udp' && socket.peerPort === 0;
}

/** Other ports on which a container can be reached all the time, a few at most. */
function otherPorts(dumps: readonly Dump[], proto: string): number[] {
  const [first = [], ...later] = dumps.map(({ sockets }) =>
    sockets
      .filter((socket) => isOpen(socket, proto) && !isLoopback(socket.local?.plain ?? ''))
      .map(({ localPort }) => localPort),
  );
  const always = first.filter((port) => later.every((ports) => ports.includes(port)));
  return [...new Set(always)].sort((a, b) => a - b).slice(0, 5);
}

const LOOPBACK: readonly Fix[] = [
  {
    where: 'the application',
    text: 'listen on 0.0.0.0 (or ::) inside the container: its loopback is its own',
    snippet: 'HOST=0.0.0.0',
  },
  {
    where: 'docker run',
    text: 'to keep it private to the host, publish it on the loopback address of the host',
    snippet: '-p 127.0.0.1:8080:8080',
  },
];

function noListener({ proto, containerPort, hostPort }: PublishedPort, others: readonly number[]): Fix[] {
  const [only, ...more] = others;
  if (only !== undefined) {
    const suffix = proto === 'tcp' ? '' : `/${proto}`;
    return [
      {
        where: 'the port mapping',
        text: `publish the port that it listens on (${others.join(', ')}), or have it listen on ${containerPort}`,
        ...(more.length === 0 && { snippet: `-p ${hostPort}:${only}${suffix}` }),
      },
    ];
  }
  return [
    { where: 'the application', text: `it does not listen on ${containerPort}: not started, or it died` },
    { where: 'the port mapping', text: 'publish the port that it listens on, or none' },
  ];
}
