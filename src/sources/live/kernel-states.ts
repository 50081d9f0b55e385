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
 * Most state changes during a dump that is used as a base, as a number or as a fraction of its sockets: each may make
 * it wrong by one.
 */
const MOST_CHANGES = { count: 10, share: 0.02 };

/** Counts when the kernel's changes of a namespace were zero; of states without changes, those of the last dump. */
interface Base {
  counts: number[];
  abandoned: number;
  /** How many sockets changed their state during the dump; 0 for exact. */
  changes: number;
}

/** States whose changes the kernel counts; others, SYN_RECV among them, are as of the last dump. */
const COUNTED = new Set<number>([
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
 * How many TCP sockets of some namespaces are in each state, without dumping them: the counts of a dump, and the
 * changes since then, which the kernel counts.
 */
export class KernelStates {
  readonly #counter: StateCounter;
  /** By the namespace's inode. */
  readonly #bases = new Map<number, Base>();

  /** @param counter closed by {@link close} */
  constructor(counter: StateCounter) {
    this.#counter = counter;
  }

  /** Stops counting everywhere. */
  close(): void {
    this.#counter.close();
  }

  /** Starts counting a namespace. */
  begin(netns: number): void {
    try {
      this.#counter.add(netns);
    } catch (error) {
      // The kernel's map is full: the namespace is dumped as without counting.
      if (!(error instanceof SystemCallError)) throw error;
    }
  }

  /** Stops counting a namespace. */
  end(netns: number): void {
    this.#bases.delete(netns);
    this.#counter.remove(netns);
  }

  /**
   * Dumps a namespace and makes the dump the base to count from. Where sockets changed their state during it, the base
   * is taken as of the middle, until a dump with fewer changes replaces it.
   *
   * @param take dumps all TCP sockets except those in TIME_WAIT
   */
  around(netns: number, take: () => SocketDump): SocketDump {
    const before = this.#counter.read(netns);
    const snapshot = take();
    const after = this.#counter.read(netns);
    if (before === undefined || after === undefined) return snapshot;
    if (!snapshot.coverage.complete || snapshot.sources.tcp !== 'sock_diag') return snapshot;
    const changes = (after[ALL_CHANGES] ?? 0) - (before[ALL_CHANGES] ?? 0);
    // TIME_WAIT, and FIN_WAIT2 without a process, are counted in sockstat only.
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
        if (!COUNTED.has(state)) known.counts[state] = count;
      });
      if (known.changes < changes) return snapshot;
    }
    if (changes > Math.max(MOST_CHANGES.count, total * MOST_CHANGES.share)) return snapshot;
    for (const state of COUNTED) {
      const then = ((before[state] ?? 0) + (after[state] ?? 0)) / 2;
      counts[state] = (counts[state] ?? 0) - Math.round(then);
    }
    this.#bases.set(netns, { counts, abandoned, changes });
    return snapshot;
  }

  /** The counts now; undefined until a dump had few enough changes to count from. */
  states(netns: number): TcpStates | undefined {
    const base = this.#bases.get(netns);
    const changes = base && this.#counter.read(netns);
    if (base === undefined || changes === undefined) return undefined;
    return {
      counts: base.counts.map((count, state) => currentCount(state, count, changes)),
      abandoned: base.abandoned,
    };
  }
}

function currentCount(state: number, count: number, changes: readonly number[]): number {
  return COUNTED.has(state) ? Math.max(0, count + (changes[state] ?? 0)) : count;
}

/**
 * Starts counting in the kernel.
 *
 * @returns a sentence that says why, where the kernel does not count here
 */
export function openKernelStates(machine: Machine): KernelStates | string {
  try {
    return new KernelStates(StateCounter.open(machine.systemCalls()));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return `sockets are counted by dumping them, within the CPU budget: counting in the kernel is unavailable (${reason})`;
  }
}

/** @returns undefined for an unexpected error */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof BtfError) return error.message;
  if (error instanceof SystemCallError)
    return error.code === 'EPERM' ? 'bpf is not permitted: it needs CAP_BPF and CAP_PERFMON' : error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  if (path !== undefined) return `${path}: ${code}`;
  // An error without an errno comes from loading the foreign-function library.
  return code === undefined || code.startsWith('ERR_') || code === 'MODULE_NOT_FOUND'
    ? `system calls are unavailable: ${(error as Error).message.split('\n')[0]}`
    : undefined;
}
