import { BtfError } from '../../bpf/btf.ts';
import { ALL_CHANGES, STATE_COUNTERS } from '../../bpf/state-count-program.ts';
import type { SocketDump } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { countSockets } from '../../count/socket-counter.ts';
import { StateCounter } from '../../kernel/state-counter.ts';
import { SystemCallError } from '../../kernel/system-calls.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { TcpStates } from '../sample-source.ts';

/**
 * Changes while a look was taken by which it may be wrong: at most so many, or such a share of its sockets. A look
 * with more of them is nothing to count from.
 */
const MOST_CHANGES = { count: 10, share: 0.02 };

/** What there was when the changes of a namespace were at zero; of what no change tells, what there was at the last look. */
interface Base {
  counts: number[];
  abandoned: number;
  /** How many sockets changed their state while it was looked at; 0 for exact. */
  changes: number;
}

/** Those of which the kernel tells each change; SYN_RECV stays as it was at the last look. */
const TOLD = new Set<number>([
  TCP_STATE.ESTABLISHED,
  TCP_STATE.SYN_SENT,
  TCP_STATE.FIN_WAIT1,
  TCP_STATE.FIN_WAIT2,
  TCP_STATE.CLOSE_WAIT,
  TCP_STATE.LAST_ACK,
  TCP_STATE.LISTEN,
  TCP_STATE.CLOSING,
]);

/**
 * How many TCP sockets of some namespaces are in each state, at any time and without reading them: what a look
 * counted, and the changes since then, which the kernel counts.
 */
export class KernelStates {
  readonly #counter: StateCounter;
  /** By the namespace's inode. */
  readonly #bases = new Map<number, Base>();

  /** @param counter closed by {@link close} */
  constructor(counter: StateCounter) {
    this.#counter = counter;
  }

  close(): void {
    this.#counter.close();
  }

  /** Begins to count a namespace. */
  begin(netns: number): void {
    try {
      this.#counter.add(netns);
    } catch (error) {
      // There are too many: it is read as if nothing counted.
      if (!(error instanceof SystemCallError)) throw error;
    }
  }

  /** Counts a namespace no more. */
  end(netns: number): void {
    this.#bases.delete(netns);
    this.#counter.remove(netns);
  }

  /**
   * Takes a look at a namespace, to count from it on. Where sockets changed their state meanwhile, some of them were
   * seen before and some afterwards: it is taken as of the middle, until a quieter look comes.
   *
   * @param take reads all TCP sockets, but for those in TIME_WAIT
   */
  around(netns: number, take: () => SocketDump): SocketDump {
    const before = this.#counter.read(netns);
    const snapshot = take();
    const after = this.#counter.read(netns);
    if (before === undefined || after === undefined) return snapshot;
    if (!snapshot.coverage.complete || snapshot.sources.tcp !== 'sock_diag') return snapshot;
    const changes = (after[ALL_CHANGES] ?? 0) - (before[ALL_CHANGES] ?? 0);
    // What is in TIME_WAIT and what is abandoned is counted in sockstat alone.
    const counter = countSockets(
      snapshot.sockets,
      ({ proto, state }) => proto === 'tcp' && state !== TCP_STATE.TIME_WAIT,
    );
    const { abandoned } = counter;
    const { total } = counter.counts();
    const counts = Array.from({ length: STATE_COUNTERS }, (_, state) => counter.inState(state));
    counts[TCP_STATE.FIN_WAIT2] = counter.inState(TCP_STATE.FIN_WAIT2) - abandoned;
    const known = this.#bases.get(netns);
    if (known !== undefined) {
      known.abandoned = abandoned;
      counts.forEach((count, state) => {
        if (!TOLD.has(state)) known.counts[state] = count;
      });
      if (known.changes < changes) return snapshot;
    }
    if (changes > Math.max(MOST_CHANGES.count, total * MOST_CHANGES.share)) return snapshot;
    for (const state of TOLD) {
      const then = ((before[state] ?? 0) + (after[state] ?? 0)) / 2;
      counts[state] = (counts[state] ?? 0) - Math.round(then);
    }
    this.#bases.set(netns, { counts, abandoned, changes });
    return snapshot;
  }

  /** What there is now; undefined as long as no look was quiet enough to count from. */
  states(netns: number): TcpStates | undefined {
    const base = this.#bases.get(netns);
    const changes = base && this.#counter.read(netns);
    if (base === undefined || changes === undefined) return undefined;
    return { counts: base.counts.map((count, state) => told(state, count, changes)), abandoned: base.abandoned };
  }
}

function told(state: number, count: number, changes: readonly number[]): number {
  return TOLD.has(state) ? Math.max(0, count + (changes[state] ?? 0)) : count;
}

/**
 * Begins to count in the kernel.
 *
 * @returns why it cannot be done here, in a sentence, where that is so
 */
export function openKernelStates(machine: Machine): KernelStates | string {
  try {
    return new KernelStates(StateCounter.open(machine.systemCalls()));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return `sockets are counted by reading them, within the budget: this kernel does not count them (${reason})`;
  }
}

/** @returns undefined for an error that is a fault */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof BtfError) return error.message;
  if (error instanceof SystemCallError)
    return error.code === 'EPERM' ? 'bpf is not permitted: it needs CAP_BPF and CAP_PERFMON' : error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  if (path !== undefined) return `${path}: ${code}`;
  // What is no errno comes from loading the foreign-function library.
  return code === undefined || code.startsWith('ERR_') || code === 'MODULE_NOT_FOUND'
    ? `system calls are out of reach: ${(error as Error).message.split('\n')[0]}`
    : undefined;
}
