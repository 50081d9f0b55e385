/**
 * A signal that SIGINT (Ctrl-C) and SIGTERM abort, so that a command can stop in order. A second SIGINT
 * or SIGTERM ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
