/**
 * A signal that is aborted by Ctrl-C and SIGTERM, once: a stream then ends in order. A second Ctrl-C
 * ends the process at once, as it would have without this.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
