import { GROUP_KEYS } from '../../model/report/group.ts';
import { SOCKET_ORDERS } from '../../model/report/socket-order.ts';
import { listedSockets, type SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { command } from '../command.ts';
import { option, type ValuesOf } from '../option.ts';
import {
  FILTER_HELP,
  formatOf,
  ipv4,
  ipv6,
  netns,
  numeric,
  outputOptions,
  ss,
  TARGET_AND_FILTER,
  tcp,
  udp,
} from '../options.ts';
import { operandsOf, recordedOptions } from '../recorded-options.ts';
import { orderOf, orderOptions } from './order.ts';

/** The options that choose sockets. */
const queryOptions = {
  tcp,
  udp,
  unix: option.boolean('UNIX sockets', { letter: 'x' }),
  raw: option.boolean('RAW sockets', { letter: 'w' }),
  mptcp: option.boolean('MPTCP sockets', { letter: 'M' }),
  icmp: option.boolean('ICMP (ping) sockets'),
  packet: option.boolean('Packet sockets: what captures or sends frames (-0)'),
  vsock: option.boolean('vsock sockets: between a virtual machine and its host'),
  netlink: option.boolean("Netlink sockets, the kernel's own too"),
  ipv4,
  ipv6,
  all: option.boolean('All sockets, as with -a of ss; only many TIME_WAIT are otherwise summed up, on a terminal', {
    letter: 'a',
  }),
  listening: option.boolean('Only listening and unconnected sockets', { letter: 'l' }),
  info: option.boolean('What the kernel knows about each TCP connection', { letter: 'i' }),
};

export const lsCommand = command({
  task: 'look',
  brief: 'List the sockets of containers, processes or the host',
  details: `${FILTER_HELP}
KEY of --by is ${GROUP_KEYS.join(', ')}; of --sort ${SOCKET_ORDERS.join(', ')}.`,
  options: {
    ...queryOptions,
    processes: option.boolean('Show the processes that hold each socket', { letter: 'p' }),
    netns,
    numeric,
    ...orderOptions,
    ss,
    explainFilter: option.boolean('Show how FILTER is parsed and which part of it the kernel evaluates'),
    ...recordedOptions,
    ...outputOptions,
  },
  operands: TARGET_AND_FILTER,
  examples: [
    ['ls web-1', 'all sockets of a container'],
    ["ls web-1 -tnp 'state close-wait'", 'as with ss, with their processes'],
    ['ls web-1 db-1 --by state,peer', 'two containers, counted in groups'],
    ['ls web-1 --sort send-q --limit 10', 'the fullest send queues'],
    ['ls host -l', 'what listens on the host'],
  ],
  load: async () => {
    const { ls } = await import('./ls.ts');
    return async ({ flow }, options, words) =>
      ls(flow, {
        ...(await operandsOf('ls', words, options)),
        asSs: options.ss,
        explain: options.explainFilter,
        query: queryOf(options),
        processes: options.processes,
        wholeNetns: options.netns,
        all: options.all,
        numeric: options.numeric,
        order: orderOf(options),
        format: formatOf(options),
      });
  },
});

/** The sockets to read: see {@link listedSockets}; an address family alone leaves out what has no IP address. */
function queryOf(options: ValuesOf<typeof queryOptions>): SocketQuery {
  const { tcp, udp, unix, raw, mptcp, icmp, packet, vsock, netlink, ipv4, ipv6 } = options;
  const isAll = !(tcp || udp || unix || raw || mptcp || icmp || packet || vsock || netlink);
  const isEveryFamily = isAll && !ipv4 && !ipv6;
  const ofAll = listedSockets().protos.filter((proto) => isEveryFamily || (proto !== 'packet' && proto !== 'unix'));
  const protos: Proto[] = isAll ? ofAll : [];
  // MPTCP before TCP: the subflows of a connection are recognised by the connection, which must be known.
  if (mptcp) protos.push('mptcp');
  if (tcp) protos.push('tcp');
  if (udp) protos.push('udp', 'udplite');
  if (raw) protos.push('raw');
  if (icmp) protos.push('icmp');
  if (packet) protos.push('packet');
  if (vsock) protos.push('vsock');
  if (netlink) protos.push('netlink');
  if (unix) protos.push('unix');
  return {
    protos,
    inet: !ipv6 || ipv4,
    inet6: !ipv4 || ipv6,
    states: options.listening ? stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE) : ALL_STATES,
    tcpInfo: options.info,
  };
}
