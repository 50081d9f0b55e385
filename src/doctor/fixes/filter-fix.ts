import type { Fix } from '../../model/finding/finding.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import { inside } from './namespace-commands.ts';

/** A packet filter that keeps connections from a listener which would take them. */
export function filterFix({ namespace }: NetnsSeries, port: number): Fix {
  return {
    where: 'the firewall',
    text: `a rule of a packet filter drops or rejects connections to port ${port}, at the server or on the way (iptables, nftables, a zone of firewalld, ufw, a NetworkPolicy, a security group): allow these clients there`,
    snippet: inside(namespace, "nft list ruleset | grep -nE 'drop|reject'"),
  };
}
