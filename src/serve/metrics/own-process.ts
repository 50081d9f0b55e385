import fs from 'node:fs';

/** What `serve` itself uses, as the standard `process_*` metrics have it. */
export interface OwnProcess {
  /** User and system time since its start, seconds. */
  cpuSeconds: number;
  residentBytes: number;
  /** Seconds since the epoch. */
  startSeconds: number;
  openDescriptors: number;
  /** Soft limit; undefined for unlimited. */
  mostDescriptors: number | undefined;
}

const START_SECONDS = Date.now() / 1000 - process.uptime();

/** Of this process, now. */
export function ownProcess(): OwnProcess {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startSeconds: START_SECONDS,
    openDescriptors: fs.readdirSync('/proc/self/fd').length,
    mostDescriptors: softLimit(),
  };
}

function softLimit(): number | undefined {
  const limit = /^Max open files\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return limit === undefined ? undefined : Number(limit);
}
