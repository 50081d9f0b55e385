/** How sockets were read: by netlink from inside the namespace, or from files of `/proc`. */
export type Source = 'sock_diag' | 'procfs';

/** What an answer covers, and what it does not. */
export interface Coverage {
  /** False when something that was asked for could not be seen. */
  complete: boolean;
  /** One sentence for each gap or oddity; empty when there is none. */
  notes: string[];
}
