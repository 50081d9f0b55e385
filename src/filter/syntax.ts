import type { Tree } from './tree.ts';

/** A part of the text of a filter. */
export interface TextSpan {
  /** Index of the first character. */
  at: number;
  /** Number of characters. */
  length: number;
}

/** A comparison operator. */
export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** Side of a connection: `src` and `sport` are the local side, `dst` and `dport` the peer. */
export type Side = 'local' | 'peer';

/** A port as written: a number, or a service name that is looked up later. */
export type PortText = number | { service: string; span: TextSpan };

/** A range of ports, `first` and `last` included. */
export interface PortsText {
  first: PortText;
  last: PortText;
}

/** A measured value of a socket. Times in microseconds, queues in bytes (LISTEN: connections). */
export type Measure = 'idle' | 'age' | 'receive-queue' | 'send-queue' | 'rtt' | 'retrans';

/** The running timer of a socket, as `SocketTimer` names it. */
export type TimerKind = 'off' | 'on' | 'keepalive' | 'timewait' | 'probe' | 'delack';

/** A condition as written: names are not bound yet. */
export type SyntaxAtom =
  /** Bit mask, see `stateMask`. */
  | { kind: 'states'; mask: number }
  /**
   * `src` and `dst`. `host` and `port` are absent for any; `asPeer` is true for `peer`, whose names are not looked
   * up in DNS; `family` is present when a prefix (`inet6:`) restricts it.
   */
  | {
      kind: 'host';
      side: Side;
      host?: { text: string; span: TextSpan };
      /** Interface behind the address: `fe80::1%eth0`; absent for any. */
      zone?: { text: string; span: TextSpan };
      port?: PortText;
      family?: 'inet' | 'inet6';
      asPeer: boolean;
    }
  | { kind: 'ports'; side: Side; op: Comparison; ports: readonly PortsText[] }
  | { kind: 'device'; name: string; span: TextSpan }
  | { kind: 'mark'; mark: number; mask: number }
  | { kind: 'cgroup'; path: string; span: TextSpan }
  /** The kernel assigned the local port. */
  | { kind: 'autobound' }
  | { kind: 'container'; name: string; span: TextSpan }
  /** A PID, or a name with `*` and `?`. */
  | { kind: 'process'; process: number | string }
  | { kind: 'uid'; op: Comparison; user: number | { name: string; span: TextSpan } }
  | { kind: 'role'; role: 'client' | 'server' }
  | { kind: 'measure'; measure: Measure; op: Comparison; value: number }
  | { kind: 'timer'; timer: TimerKind }
  | { kind: 'keepalive'; on: boolean }
  /** Closed by its process, not yet by the peer. */
  | { kind: 'orphan' }
  /** In a listener's accept queue. */
  | { kind: 'unaccepted' }
  /** UNIX sockets by name with `*` and `?`; `@` for the abstract namespace. */
  | { kind: 'path'; glob: string };

/** A filter as written. */
export type SyntaxTree = Tree<SyntaxAtom>;

/** A parsed filter. */
export interface Filter {
  /** The text. */
  text: string;
  /** Undefined for an empty filter, which matches everything. */
  tree: SyntaxTree | undefined;
  /** Families that a prefix restricts the whole query to; only when parsed like ss, absent for all. */
  families?: readonly ('inet' | 'inet6')[];
  /** Notes for the user about how the text was parsed; empty for none. */
  notes: readonly string[];
}
