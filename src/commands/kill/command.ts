import type { Proto } from '../../model/socket/socket-view.ts';
import { ALL_STATES } from '../../model/socket/tcp-state.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
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
  yes,
} from '../options.ts';

export const killCommand = command({
  task: 'act',
  brief: 'Close the sockets that match, after showing them',
  details: FILTER_HELP,
  options: {
    tcp,
    udp,
    ipv4,
    ipv6,
    netns,
    numeric,
    yes,
    dryRun: option.boolean('Only show what would be closed'),
    includingListeners: option.boolean('Also close listening sockets: the service is down until it listens again'),
    ss,
    ...outputOptions,
  },
  operands: TARGET_AND_FILTER,
  examples: [
    ["kill web-1 --dry-run 'state close-wait'", 'only show what would be closed'],
    ["kill web-1 'dst 10.0.0.7 and idle > 10m'", 'close them after a question'],
  ],
  load: async () => {
    const [{ kill }, { targetAndFilter }] = await Promise.all([import('./kill.ts'), import('../operands.ts')]);
    return async ({ flow }, options, words) => {
      const { tcp, udp, ipv4, ipv6 } = options;
      // UNIX and MPTCP sockets cannot be closed from outside; the TCP subflows of an MPTCP connection can.
      const protos: Proto[] = [];
      if (tcp || !udp) protos.push('tcp');
      if (udp || !tcp) protos.push('udp', 'udplite');
      await kill(flow, {
        ...targetAndFilter('kill', words),
        query: { protos, states: ALL_STATES, tcpInfo: false, inet: !ipv6 || ipv4, inet6: !ipv4 || ipv6 },
        asSs: options.ss,
        wholeNetns: options.netns,
        numeric: options.numeric,
        yes: options.yes,
        dryRun: options.dryRun,
        includingListeners: options.includingListeners,
        format: formatOf(options),
      });
    };
  },
});
