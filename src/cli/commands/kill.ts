import { buildCommand } from '@stricli/core';
import type { Proto } from '../../model/socket-view.ts';
import { ALL_STATES } from '../../model/tcp-state.ts';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';
import { flag, formatOf, type OutputFlags, outputFlags, targetAndFilter } from './shared-flags.ts';

interface Flags extends OutputFlags {
  tcp?: boolean;
  udp?: boolean;
  ipv4?: boolean;
  ipv6?: boolean;
  numeric?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  includingListeners?: boolean;
  ss?: boolean;
}

export const killCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.kill,
    fullDescription: `${TEXTS.kill}.\n\nTARGET is ${TEXTS.target}.\nFILTER is ${TEXTS.filter}.`,
  },
  parameters: {
    flags: {
      tcp: flag(TEXTS.tcp),
      udp: flag(TEXTS.udp),
      ipv4: flag(TEXTS.ipv4),
      ipv6: flag(TEXTS.ipv6),
      numeric: flag(TEXTS.numeric),
      yes: flag(TEXTS.yes),
      dryRun: flag(TEXTS.dryRun),
      includingListeners: flag(TEXTS.includingListeners),
      ss: flag(TEXTS.ss),
      ...outputFlags,
    },
    aliases: { t: 'tcp', u: 'udp', n: 'numeric', y: 'yes' },
    positional: {
      kind: 'array',
      parameter: { brief: TEXTS.targetAndFilter, parse: String, placeholder: 'TARGET FILTER' },
    },
  },
  loader: async () => {
    const { kill } = await import('../../flows/kill.ts');
    return async function (flags, ...words) {
      const { tcp, udp, ipv4, ipv6 } = flags;
      // Neither UNIX nor MPTCP sockets can be closed from outside; an MPTCP connection's TCP level can.
      const protos: Proto[] = [];
      if (tcp || !udp) protos.push('tcp');
      if (udp || !tcp) protos.push('udp', 'udplite');
      await kill(this.flow, {
        ...targetAndFilter('kill', words),
        query: {
          ...{ protos, states: ALL_STATES, tcpInfo: false },
          ...{ inet: !ipv6 || ipv4 === true, inet6: !ipv4 || ipv6 === true },
        },
        asSs: flags.ss ?? false,
        numeric: flags.numeric ?? false,
        yes: flags.yes ?? false,
        dryRun: flags.dryRun ?? false,
        includingListeners: flags.includingListeners ?? false,
        format: formatOf(flags),
      });
    };
  },
});
