import { type ServeBeside, startServeBeside } from '../../act/lab/serve-beside.ts';
import type { LabRunning } from './lab-context.ts';
import { declaredIn } from './lab-watcher.ts';

/**
 * Starts a `socklens serve` that watches the receivers and the database, and is told what the incident's operators knew:
 * the intended size of the pool.
 */
export function serveLab(running: LabRunning, data: string | undefined): Promise<ServeBeside> {
  const pools = declaredIn(running).pools.map(
    ({ endpoint: { host, port }, cap }) => `${JSON.stringify(`${host}:${port}`)} = ${cap}\n`,
  );
  return startServeBeside({
    targets: [...running.receivers, running.database],
    config: `[pools]\n${pools.join('')}`,
    data,
  });
}

/** Resolves after a time, when Ctrl-C was pressed, or when it has ended by itself. @param ms undefined for no limit */
export async function stayOpen(
  serve: ServeBeside,
  ms: number | undefined,
  stop: AbortSignal | undefined,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let listener = () => {};
  const over = new Promise<void>((resolve) => {
    listener = resolve;
    if (stop?.aborted) resolve();
    stop?.addEventListener('abort', listener, { once: true });
    if (ms !== undefined) timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([over, serve.ended]);
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener('abort', listener);
  }
}
