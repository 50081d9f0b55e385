import { plural } from '../../../base/plural.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import {
  type LossCause,
  UNACKNOWLEDGED_SETTINGS,
  type Unacknowledged,
  unacknowledgedEvidence,
  unacknowledgedPeers,
} from '../../packets/unacknowledged.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, rule, type SettingValues } from '../../rule.ts';

type Values = SettingValues<typeof UNACKNOWLEDGED_SETTINGS>;

/** Established connections whose peer has stopped answering; where large segments alone are lost, PATH_MTU reports them. */
export const deadPeerRetransmit = rule({
  name: 'DEAD_PEER_RETRANSMIT',
  title: 'Connections whose peer no longer acknowledges what is sent',
  settings: UNACKNOWLEDGED_SETTINGS,
  judge: perNamespace((netns, { series }, values) =>
    unacknowledgedPeers(series, netns, values).flatMap((found) =>
      found.cause === 'large' ? [] : ofPeer(netns, found, found.cause, values),
    ),
  ),
});

function ofPeer(netns: NetnsSeries, found: Unacknowledged, cause: Exclude<LossCause, 'large'>, values: Values): Fault {
  const { text, sockets, most, queued, silentMs } = found;
  const on = plural(sockets.length, 'connection');
  return {
    severity: most >= values.critical ? 'critical' : 'warning',
    confidence: cause === 'gone' ? 'high' : 'medium',
    holder: sockets[0],
    summary:
      cause === 'gone'
        ? `${text} has not acknowledged ${queued} bytes on ${on} for up to ${Math.round(silentMs / 1000)} s: retransmitted ${most} times`
        : `${text} is there, but has not acknowledged ${queued} bytes on ${on}: retransmitted ${most} times, while its address answers otherwise: something on the way drops these connections`,
    evidence: unacknowledgedEvidence(netns, found),
    fixes: [...FIXES[cause], ...(cause === 'gone' ? [] : [USER_TIMEOUT]), REQUEST_TIMEOUT],
    byHand: (target) => `socklens ls ${target} 'state established and timer on and sendq > 0'`,
    about: `peer ${text}`,
  };
}

const FIXES: Readonly<Record<Exclude<LossCause, 'large'>, readonly Fix[]>> = {
  gone: [
    {
      where: 'the application',
      text: 'close it sooner: TCP_USER_TIMEOUT ends it after a time of your choice; without it the kernel retries for a quarter of an hour (net.ipv4.tcp_retries2). Where they were idle before, a NAT gateway, a firewall or a load balancer has forgotten them: keepalive and the lifetime of a pooled connection must be shorter than its idle time (350 s on AWS, 4 min on Azure)',
      snippet: 'setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){30000}, sizeof(int));',
    },
    { where: 'the network', text: 'find out whether the peer is gone or packets are dropped on the way' },
  ],
  cut: [
    {
      where: 'the network',
      text: 'a firewall, a NAT gateway or a load balancer on the way has forgotten these connections (idle for too long, restarted, a route that changed), or the rules differ by port',
    },
  ],
};

const USER_TIMEOUT: Fix = {
  where: 'the application',
  text: 'TCP_USER_TIMEOUT closes it after a time of your choice; without it the kernel retries for a quarter of an hour (net.ipv4.tcp_retries2)',
  snippet: 'setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){30000}, sizeof(int));',
};

const REQUEST_TIMEOUT: Fix = {
  where: 'the application',
  text: 'a timeout for each request, after which the connection is closed and not put back into the pool',
};
