/** What a pool connects to. */
export type PeerKind = 'MySQL' | 'PostgreSQL' | 'SQL Server' | 'Redis' | 'MongoDB' | 'AMQP' | 'HTTP';

/** The words of one library for its pool of connections. */
export interface PoolWords {
  /** As `StackLibrary.name` has it; absent where the stack itself pools. */
  library?: string;
  /** What it connects to; `drivers` for a wrapper, which connects to what the drivers beside it do. */
  to: readonly PeerKind[] | 'drivers';
  /** True where general advice names it: the usual library of its stack. */
  isUsual?: boolean;
  /** `Go database/sql`, `HikariCP`: where the change is made. */
  where: string;
  /** The setting that caps it, and what it is by default. */
  cap: {
    setting: string;
    text: string;
    /** @param count a number, or `N` where none is known */
    snippet(count: number | 'N'): string;
  };
  /** How fewer connections stay idle; absent where it has no such setting. */
  idle?: { text: string; snippet?: string };
  /**
   * How it gives up idle connections before the server ends them, or tests one before it is used; absent where it has no
   * such setting.
   */
  expire?: {
    text: string;
    /** @param seconds below the idle time of the server, or `N` where that is not known */
    snippet(seconds: number | 'N'): string;
  };
}
