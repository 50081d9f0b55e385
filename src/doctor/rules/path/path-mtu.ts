import { plural } from '../../../base/plural.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import {
  UNACKNOWLEDGED_SETTINGS,
  type Unacknowledged,
  unacknowledgedEvidence,
  unacknowledgedPeers,
} from '../../packets/unacknowledged.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, rule, type SettingValues } from '../../rule.ts';

type Values = SettingValues<typeof UNACKNOWLEDGED_SETTINGS>;

/** Connections on which large segments are lost, while small ones to the same address pass. */
export const pathMtu = rule({
  name: 'PATH_MTU',
  title: 'Large packets are lost on the way, small ones pass',
  settings: UNACKNOWLEDGED_SETTINGS,
  judge: perNamespace((netns, { series }, values) =>
    unacknowledgedPeers(series, netns, values)
      .filter(({ cause }) => cause === 'large')
      .map((found) => ofPeer(netns, found, values)),
  ),
});

function ofPeer(netns: NetnsSeries, found: Unacknowledged, values: Values): Fault {
  const { text, sockets, most, queued, pathMtu: believed } = found;
  const on = plural(sockets.length, 'connection');
  const size = believed === undefined ? '' : ` (the path is believed to take ${believed} bytes)`;
  return {
    severity: most >= values.critical ? 'critical' : 'warning',
    confidence: 'medium',
    holder: sockets[0],
    summary: `${text} has not acknowledged ${queued} bytes on ${on}, all of them in large segments${size}: retransmitted ${most} times, while small ones pass`,
    evidence: unacknowledgedEvidence(netns, found),
    fixes: FIXES,
    byHand: (target) => `socklens ls ${target} 'state established and timer on and sendq > 0' -i`,
    about: `peer ${text}`,
  };
}

const FIXES: readonly Fix[] = [
  {
    where: 'the network',
    text: 'a link with a smaller MTU is on the way (a tunnel, a VPN, an overlay), and the message that says so is filtered: give the container network its MTU, let ICMP "fragmentation needed" pass, or clamp the MSS on the router',
    snippet: 'iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
  },
  {
    where: 'Docker daemon',
    text: 'the MTU of its networks; of the default bridge in daemon.json, of another with --opt com.docker.network.driver.mtu',
    snippet: '{ "mtu": N }   # the smallest MTU on the way',
  },
  {
    where: 'the host',
    text: 'until then: the kernel tries smaller segments by itself where it meets a black hole',
    snippet: 'sysctl -w net.ipv4.tcp_mtu_probing=1',
  },
];
