import { buildCommand } from '@stricli/core';
import { Failure } from '../../model/failure.ts';
import { GROUP_KEYS, type GroupKey, type GroupOrder } from '../../model/group.ts';
import type { SocketQuery } from '../../model/socket-query.ts';
import type { Proto } from '../../model/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/tcp-state.ts';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';
import { parseKeys } from './group-flags.ts';
import { operandsOf, recordedFlags } from './recorded-flags.ts';
import { flag, formatOf, type OutputFlags, outputFlags } from './shared-flags.ts';

interface Flags extends OutputFlags {
  tcp?: boolean;
  udp?: boolean;
  unix?: boolean;
  raw?: boolean;
  mptcp?: boolean;
  ipv4?: boolean;
  ipv6?: boolean;
  listening?: boolean;
  processes?: boolean;
  info?: boolean;
  numeric?: boolean;
  by?: readonly GroupKey[];
  top?: number;
  sort?: GroupOrder;
  ss?: boolean;
  explainFilter?: boolean;
  from?: string;
  at?: string;
}

export const lsCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.ls,
    fullDescription: `${TEXTS.ls}.\n\nTARGET is ${TEXTS.target}.\nFILTER is ${TEXTS.filter}.\nKEY is ${GROUP_KEYS.slice(0, 7).join(', ')},\n${GROUP_KEYS.slice(7).join(', ')}.`,
  },
  parameters: {
    flags: {
      tcp: flag(TEXTS.tcp),
      udp: flag(TEXTS.udp),
      unix: flag(TEXTS.unix),
      raw: flag(TEXTS.raw),
      mptcp: flag(TEXTS.mptcp),
      ipv4: flag(TEXTS.ipv4),
      ipv6: flag(TEXTS.ipv6),
      listening: flag(TEXTS.listening),
      processes: flag(TEXTS.processes),
      info: flag(TEXTS.info),
      numeric: flag(TEXTS.numeric),
      by: {
        kind: 'parsed',
        parse: parseKeys,
        brief: TEXTS.by,
        optional: true,
        placeholder: 'KEY,KEY',
      },
      top: { kind: 'parsed', parse: parseTop, brief: TEXTS.top, optional: true, placeholder: 'N' },
      sort: { kind: 'parsed', parse: parseOrder, brief: TEXTS.sort, optional: true, placeholder: 'KEY' },
      ss: flag(TEXTS.ss),
      explainFilter: flag(TEXTS.explainFilter),
      ...recordedFlags,
      ...outputFlags,
    },
    aliases: {
      t: 'tcp',
      u: 'udp',
      x: 'unix',
      w: 'raw',
      M: 'mptcp',
      l: 'listening',
      p: 'processes',
      i: 'info',
      n: 'numeric',
    },
    positional: {
      kind: 'array',
      parameter: { brief: TEXTS.targetAndFilter, parse: String, placeholder: 'TARGET FILTER' },
    },
  },
  loader: async () => {
    const { ls } = await import('../../flows/ls.ts');
    return async function (flags, ...words) {
      await ls(this.flow, {
        ...(await operandsOf('ls', words, flags)),
        asSs: flags.ss ?? false,
        explain: flags.explainFilter ?? false,
        query: queryOf(flags),
        processes: flags.processes ?? false,
        numeric: flags.numeric ?? false,
        ...grouping(flags),
        format: formatOf(flags),
      });
    };
  },
});

function parseTop(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Failure('usage', `"${text}" is no number of groups; from 1 on`);
  return Number(text);
}

function parseOrder(text: string): GroupOrder {
  const order = (['count', ...GROUP_KEYS] as const).find((known) => known === text);
  if (order === undefined) throw new Failure('usage', `unknown order "${text}"; known are count and the keys of --by`);
  return order;
}

/** @throws {Failure} `usage` for an order or a number of groups where nothing is counted in groups */
function grouping({ by = [], sort, top }: Flags): {
  by: readonly GroupKey[];
  order: GroupOrder;
  top: number | undefined;
} {
  if (by.length === 0 && (sort !== undefined || top !== undefined)) {
    throw new Failure('usage', `--${sort === undefined ? 'top' : 'sort'} needs groups: add --by KEY,KEY`);
  }
  if (sort !== undefined && sort !== 'count' && !by.includes(sort)) {
    throw new Failure('usage', `--sort ${sort}: groups are made by ${by.join(', ')}; sort by count or by one of these`);
  }
  return { by, order: sort ?? 'count', top };
}

/** What the flags ask for. Without a protocol all of them; an address family alone leaves UNIX out. */
function queryOf(flags: Flags): SocketQuery {
  const { tcp, udp, unix, raw, mptcp, ipv4, ipv6 } = flags;
  const everything = !(tcp || udp || unix || raw || mptcp);
  const families = ipv4 || ipv6;
  const protos: Proto[] = [];
  // MPTCP before TCP: counts know a connection's TCP level by having seen the connection.
  if (everything || mptcp) protos.push('mptcp');
  if (everything || tcp) protos.push('tcp');
  if (everything || udp) protos.push('udp', 'udplite');
  if (everything || raw) protos.push('raw');
  if (unix || (everything && !families)) protos.push('unix');
  return {
    protos,
    inet: !ipv6 || ipv4 === true,
    inet6: !ipv4 || ipv6 === true,
    states: flags.listening ? stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE) : ALL_STATES,
    tcpInfo: flags.info ?? false,
  };
}
