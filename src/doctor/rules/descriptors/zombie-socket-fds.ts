import type { Evidence } from '../../../model/finding/finding.ts';
import type { DeadPeer } from '../../../model/sample/descriptor-kinds.ts';
import { type ProcessTrack, perProcess } from '../../per-scope.ts';
import { processHolder } from '../../processes/process-tracks.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { percent } from '../../texts.ts';

const settings = {
  count: { default: 20, unit: 'count', text: 'more sockets without a table than this' },
  share: { default: 0.05, unit: 'share', text: 'of all descriptors of the process, more than this' },
  scans: { default: 2, unit: 'count', text: 'consecutive scans that saw as many' },
  growth: { default: 0.1, unit: 'share', text: 'growth without a decrease, critical' },
} as const;

/** Descriptors of sockets that neither ss nor netstat shows: their connection is closed, or never was open. */
export const zombieSocketFds = rule({
  name: 'ZOMBIE_SOCKET_FDS',
  title: 'Descriptors of sockets that no table shows',
  settings,
  judge: perProcess(ofProcess),
});

function ofProcess({ snapshots }: ProcessTrack, _input: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const scans = snapshots.filter(({ process }) => process.kinds !== undefined);
  const process = scans.at(-1)?.process;
  if (process === undefined || scans.length < values.scans) return [];
  const seen = scans.map((scan) => scan.process.kinds?.byKind.zombie ?? 0);
  const many = scans.slice(-values.scans).every(({ process: { kinds, used } }) => {
    const zombies = kinds?.byKind.zombie ?? 0;
    return zombies > values.count && zombies > used * values.share;
  });
  if (!many) return [];
  const zombies = seen.at(-1) ?? 0;
  const [first = 0] = seen;
  const neverLess = seen.every((count, index) => index === 0 || count >= (seen[index - 1] ?? 0));
  const growing = neverLess && zombies > first && zombies - first >= first * values.growth;
  const source = `/proc/${process.pid}/fd without every table of sockets`;
  return [
    {
      severity: growing ? 'critical' : 'warning',
      confidence: 'high',
      holder: processHolder(process),
      summary: `${process.name} (${process.pid}) holds ${zombies} sockets that no table shows (${percent(zombies / process.used)} of its descriptors)${growing ? `, ${zombies - first} more than at the start` : ''}: their connections are closed, or never were open`,
      evidence: [
        { what: 'sockets that no table shows, in each scan', value: seen.join(' '), source },
        ...(process.kinds?.dead ?? []).map(deadEvidence),
        { what: 'open files', value: process.used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
        { what: 'soft limit', value: process.softLimit ?? 'unlimited', source: `/proc/${process.pid}/limits` },
      ],
      fixes: [
        {
          where: 'the application',
          text: 'close() on the paths of errors too: after ECONNRESET, after a refused or timed-out connect, after the end of file; netstat and ss show none of these',
        },
      ],
      byHand: (target) => `socklens limits ${target}`,
    },
  ];
}

function deadEvidence({ peer, port, count, fd }: DeadPeer): Evidence {
  const isIpv6 = peer?.includes(':');
  const address = isIpv6 && port !== undefined ? `[${peer}]` : peer;
  const endpoint = port === undefined ? address : `${address}:${port}`;
  const what = peer === undefined ? 'of these, without a peer' : `of these, whose peer was ${endpoint}`;
  return { what, value: count, unit: 'sockets', source: `eBPF task_file, such as descriptor ${fd}` };
}
