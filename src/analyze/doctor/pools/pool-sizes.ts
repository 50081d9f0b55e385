/** Who shares the connections of a server. */
export interface Sharing {
  /** What the server takes, all clients together. */
  limit: number;
  /** Connections of it that ordinary users do not get. */
  reserved: number;
  /** Processes with a pool, over all instances of the service. */
  processes: number;
  /** Old and new instances at once during a deployment: 1 + surge. */
  deployFactor: number;
  /** Share of the limit that is kept for migrations, scheduled jobs and people. */
  reserveShare: number;
}

/** The cap of one pool with which all of them together fit, at least 1. */
export function recommendedCap({ limit, reserved, processes, deployFactor, reserveShare }: Sharing): number {
  const share = ((limit - reserved) * (1 - reserveShare)) / (Math.max(1, processes) * deployFactor);
  return Math.max(1, Math.floor(share));
}
