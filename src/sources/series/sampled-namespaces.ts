import { LivingGroups } from '../../count/living-groups.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isSameNetns } from '../../model/netns/same-netns.ts';
import type { NetnsSample } from '../../model/sample/sample.ts';
import { ClosedGroups } from './closed-groups.ts';
import { PacketGroups } from './packet-groups.ts';
import { WaitingSockets } from './waiting-sockets.ts';

/** What is known of a namespace. */
export interface NetnsSamples {
  namespace: WatchedNetns;
  samples: NetnsSample[];
  closed: ClosedGroups;
  packets: PacketGroups;
  waiting: WaitingSockets;
  /** Undefined where events do not tell enough. */
  living: LivingGroups | undefined;
  /** Up to when its sockets are known, milliseconds since the epoch; undefined before the first time. */
  lastSnapshotMs: number | undefined;
  /** The last sample whose sockets were read. */
  lastRead: NetnsSample | undefined;
  /** The tick that had it last, milliseconds since the epoch. */
  lastTickMs: number;
  /** Undefined until they were read. */
  sysctls: Readonly<Record<string, string>> | undefined;
}

/** Of processes, a sample so often stays beyond the others, milliseconds. */
const PROCESSES_MS = 30_000;

/** The samples of network namespaces, also of those whose inode another one has now. */
export class SampledNamespaces {
  readonly #present = new Map<number, NetnsSamples>();
  /** Gone, and its inode reused. */
  #replaced: NetnsSamples[] = [];
  /** Whether peaks between snapshots are known. */
  readonly #isExact: boolean;

  constructor(isExact: boolean) {
    this.#isExact = isExact;
  }

  /** Those whose inode no later one has come first. */
  get all(): NetnsSamples[] {
    return [...this.#present.values(), ...this.#replaced];
  }

  /** @returns undefined for one that has no sample, or whose inode another one has now */
  known(namespace: WatchedNetns): NetnsSamples | undefined {
    const known = this.#present.get(namespace.netns);
    return known !== undefined && isSameNetns(known.namespace, namespace) ? known : undefined;
  }

  /** @param toMs when the last tick was, milliseconds since the epoch: of one that is new */
  of(namespace: WatchedNetns, toMs: number): NetnsSamples {
    const known = this.known(namespace);
    if (known !== undefined) {
      known.namespace = namespace;
      return known;
    }
    const before = this.#present.get(namespace.netns);
    if (before !== undefined) this.#replaced.push(before);
    const made: NetnsSamples = {
      namespace,
      samples: [],
      closed: new ClosedGroups(),
      packets: new PacketGroups(),
      waiting: new WaitingSockets(),
      living: this.#isExact ? new LivingGroups(['peer', 'process']) : undefined,
      lastSnapshotMs: undefined,
      lastRead: undefined,
      lastTickMs: toMs,
      sysctls: undefined,
    };
    this.#present.set(namespace.netns, made);
    return made;
  }

  /** See `SeriesBuilder.forgetBefore`. @param toMs when the last tick was */
  forgetBefore(fromMs: number, processesFromMs: number, toMs: number): void {
    const isOld = ({ samples }: NetnsSamples) => samples.every(({ atMs }) => atMs < fromMs);
    for (const [netns, known] of this.#present) {
      const isGone = known.lastTickMs < toMs;
      known.samples = recentSamples(known.samples, fromMs, processesFromMs, isGone);
      if (isGone && isOld(known)) this.#present.delete(netns);
    }
    for (const known of this.#replaced) known.samples = recentSamples(known.samples, fromMs, processesFromMs, true);
    this.#replaced = this.#replaced.filter((known) => !isOld(known));
  }
}

/** The samples of {@link SampledNamespaces.forgetBefore}. */
function recentSamples(
  samples: readonly NetnsSample[],
  fromMs: number,
  processesFromMs: number,
  isGone: boolean,
): NetnsSample[] {
  const lastDump = isGone ? undefined : samples.findLast(({ sockets }) => sockets !== undefined);
  let processesMs = Number.NEGATIVE_INFINITY;
  return samples.flatMap((sample): NetnsSample[] => {
    const { atMs, processes } = sample;
    if (atMs >= fromMs || sample === lastDump) return [sample];
    if (processes === undefined || atMs < processesFromMs || atMs - processesMs < PROCESSES_MS) return [];
    processesMs = atMs;
    return Object.keys(sample).length === 2 ? [sample] : [{ atMs, processes }];
  });
}
