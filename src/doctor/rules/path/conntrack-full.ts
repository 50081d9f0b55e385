import { plural } from '../../../base/plural.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import type { HostSample } from '../../../model/sample/sample.ts';
import { hostSysctlFixes } from '../../fixes/namespace-commands.ts';
import { perHost } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { percent } from '../../texts.ts';

const settings = {
  warning: { default: 0.8, unit: 'share', text: 'of the table in use' },
  critical: { default: 0.95, unit: 'share', text: 'of the table in use' },
  drops: { default: 1, unit: 'count', text: 'packets dropped during the run because the table was full' },
} as const;

/** The host's connection tracking table is full: new connections are dropped at random. */
export const conntrackFull = rule({
  name: 'CONNTRACK_FULL',
  title: "The host's connection tracking table is full",
  settings,
  judge: perHost(ofHost),
});

function ofHost({ series: { host } }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const [most] = host
    .flatMap(({ conntrackCount: count, conntrackMax: max }) => (count === undefined || !max ? [] : [{ count, max }]))
    .sort((a, b) => b.count / b.max - a.count / a.max);
  if (most === undefined) return [];
  const { count, max } = most;
  const share = count / max;
  const early = rise(host, 'conntrackEarlyDrop');
  const failed = rise(host, 'conntrackInsertFailed');
  // Two packets that want the same entry, a clash of SNAT ports, count as drop and as insert_failed
  // (net/netfilter/nf_conntrack_core.c, nf_ct_resolve_clash): the table need not be full for that.
  const dropped = Math.max(0, rise(host, 'conntrackDrop') - failed) + early;
  const critical = share >= values.critical || dropped >= values.drops;
  if (!critical && share < values.warning) return [];
  const larger = 2 ** Math.ceil(Math.log2(max * 2));
  const evidence: Evidence[] = [
    { what: 'tracked connections', value: count, source: 'net.netfilter.nf_conntrack_count of the host' },
    { what: 'maximum', value: max, source: 'net.netfilter.nf_conntrack_max' },
    {
      what: 'dropped because the table was full',
      value: dropped,
      unit: 'packets',
      source: 'stat/nf_conntrack, drop and early_drop',
    },
    { what: 'not inserted', value: failed, unit: 'packets', source: 'stat/nf_conntrack, insert_failed' },
  ];
  return [
    {
      severity: critical ? 'critical' : 'warning',
      confidence: 'high',
      summary: `the host tracks ${count} of ${max} connections (${percent(share)})${dropped > 0 ? `, and dropped ${plural(dropped, 'packet')} because the table was full` : ''}`,
      evidence,
      fixes: [
        ...hostSysctlFixes('net.netfilter.nf_conntrack_max', String(larger)),
        {
          where: 'the host, buckets of the table',
          text: 'a quarter of the maximum, so that hash chains stay short; a container cannot set it',
          snippet: `echo ${larger / 4} > /sys/module/nf_conntrack/parameters/hashsize`,
        },
        ...hostSysctlFixes('net.netfilter.nf_conntrack_tcp_timeout_time_wait', '30'),
        {
          where: 'the applications',
          text: 'every connection has an entry, up to two minutes after its end as well: reuse connections; where NAT is not needed do not track them (notrack)',
        },
        {
          where: 'EC2',
          text: 'security groups track connections too: see conntrack_allowance_exceeded in ethtool -S of the interface; a larger instance has a higher limit',
        },
      ],
      byHand: 'sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; cat /proc/net/stat/nf_conntrack',
    },
  ];
}

function rise(
  host: readonly HostSample[],
  field: 'conntrackDrop' | 'conntrackEarlyDrop' | 'conntrackInsertFailed',
): number {
  const counts = host.flatMap(({ [field]: value }) => (value === undefined ? [] : [value]));
  return counts.length < 2 ? 0 : Math.max(0, (counts.at(-1) ?? 0) - (counts[0] ?? 0));
}
