import { plural } from '../../../base/plural.ts';
import { EMBEDDED_DNS_ADDRESS } from '../../../model/container/embedded-dns.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import type { Holder } from '../../../model/socket/socket-columns.ts';
import { type WaitingLookups, waitingLookups } from '../../clients/dns-lookups.ts';
import { DNS } from '../../clients/dns-queries.ts';
import { namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump, ofProto } from '../../snapshots/snapshots.ts';

const settings = {
  waitMs: { default: 2_000, unit: 'ms', text: 'how long the socket of a lookup stays without an answer' },
  warning: { default: 2, unit: 'count', text: 'lookups of one process that waited that long for one name server' },
} as const;

type Values = SettingValues<typeof settings>;

/** Lookups that wait for a name server which does not answer. */
export const dnsUnanswered = rule({
  name: 'DNS_UNANSWERED',
  title: 'A name server does not answer: lookups wait for seconds',
  settings,
  needsMs: ({ waitMs }) => 2 * waitMs,
  needsSnapshots: () => 3,
  judge: perNamespace((netns, { series }: RuleInput, values: Values) =>
    waitingLookups(netns, values.waitMs)
      // One that is never closed may be kept for every query.
      .filter(({ count, ended }) => count >= values.warning && ended > 0)
      .map((lookups) => ofServer(series, netns, lookups)),
  ),
});

function ofServer(series: Series, netns: NetnsSeries, lookups: WaitingLookups): Fault {
  const { member, count, ended, longestMs, sinceMs, others } = lookups;
  const address = member.peer?.plain ?? '';
  const text = endpointText(series.names, member.peer, DNS, 'udp');
  const forwarder = address === EMBEDDED_DNS_ADDRESS ? undefined : listenerAt(series, netns, address);
  const seconds = (longestMs / 1000).toFixed(1);
  const which = forwarder === undefined ? text : `${text} (${forwarder.name})`;
  const then =
    others.length === 0 ? '' : `; each costs that time before the next name server, ${others.join(', ')}, is asked`;
  return {
    severity: 'warning',
    confidence: ended >= 2 ? 'high' : 'medium',
    holder: member,
    summary: `${which} does not answer: ${plural(count, 'lookup')} waited for it, up to ${seconds} s or longer${then}`,
    evidence: [
      { what: `lookups that waited for ${text}`, value: count, source: 'sock_diag, UDP sockets to port 53 that stay' },
      { what: 'longest time that one was seen to wait', value: Math.round(longestMs), unit: 'ms', source: 'sock_diag' },
      { what: 'of them, given up during the run', value: ended, source: 'sock_diag' },
      ...(others.length === 0
        ? []
        : [
            {
              what: 'name servers that answer',
              value: others.join(', '),
              source: 'sock_diag, events of closed sockets',
            },
          ]),
      ...(forwarder === undefined
        ? []
        : [{ what: `process at ${text}`, value: `${forwarder.pid}/${forwarder.name}`, source: 'sock_diag' }]),
    ],
    fixes: fixesFor(address, forwarder, member.process, others.length > 0),
    byHand: (target) => `socklens ls ${target} -u 'dport 53'`,
    sinceMs,
    about: `peer ${text}`,
  };
}

/** The process that is bound to the port of a name server; undefined where it is not on this machine, or not watched. */
function listenerAt(series: Series, netns: NetnsSeries, address: string): Holder | undefined {
  const home = namespaceByAddress(series, netns, address);
  const dump = home && lastDump(home);
  if (dump === undefined) return undefined;
  return ofProto(dump, 'udp').find(({ localPort, peerPort }) => localPort === DNS && peerPort === 0)?.process;
}

function fixesFor(
  address: string,
  forwarder: Holder | undefined,
  client: Holder | undefined,
  hasOthers: boolean,
): Fix[] {
  const fixes: Fix[] = [];
  if (forwarder !== undefined) {
    fixes.push({
      where: forwarder.name,
      text: 'it runs, and waits itself: the upstream name server that it forwards to does not answer. Repair or replace that one in its configuration; more queries at a time would only wait as well',
    });
  } else if (address === EMBEDDED_DNS_ADDRESS) {
    fixes.push({
      where: 'the host',
      text: "Docker's DNS server waits itself: a nameserver of the host's /etc/resolv.conf, or of --dns, does not answer. Take it out, and start the container again",
      snippet: 'docker run --dns ADDRESS …   # a name server that answers',
    });
  } else {
    fixes.push({
      where: client?.name === 'dockerd' ? "the host's /etc/resolv.conf" : '/etc/resolv.conf',
      text: `take nameserver ${address} out${hasOthers ? '' : ', put one that answers there'}, or repair it (a firewall, a server that is gone); a container has it from the host, from --dns, or from "dns" of Compose or daemon.json`,
      snippet: 'docker run --dns ADDRESS …   # a name server that answers',
    });
  }
  if (client !== undefined && /^(mysqld|mariadbd)/.test(client.name)) {
    fixes.push({
      where: 'MariaDB and MySQL',
      text: 'without looking up the names of its clients (grants then name addresses, not hosts)',
      snippet: 'skip_name_resolve = ON',
    });
  }
  fixes.push({
    where: 'docker run',
    text: 'until then, wait for a shorter time: 5 s and two attempts are the default of resolv.conf',
    snippet: '--dns-option timeout:1 --dns-option attempts:2',
  });
  return fixes;
}
