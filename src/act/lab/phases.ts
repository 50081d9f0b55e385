import { fittingCap } from './plan.ts';

/** What is mended so far; the incident's own settings are those of `startLab` and `startContainerLab`. */
export interface Phase {
  name: 'incident' | 'pool capped' | 'limit raised';
  /** Of each receiver's pool: connections at most; 0 for no limit. */
  maxOpen: number;
  /** Each receiver's limit of open files, soft and hard. */
  nofile: number;
}

/** The incident, and the two fixes, one after the other. */
export function phasesOf({ maxConnections, instances }: { maxConnections: number; instances: number }): Phase[] {
  const maxOpen = fittingCap(maxConnections, instances);
  return [
    { name: 'incident', maxOpen: 0, nofile: 1024 },
    { name: 'pool capped', maxOpen, nofile: 1024 },
    { name: 'limit raised', maxOpen, nofile: 16_384 },
  ];
}
