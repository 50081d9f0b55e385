import type { SocketView } from './socket-view.ts';

/** The one thing wanted of the platform's text decoder; every JavaScript runtime has it. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

const decoder = new TextDecoder();

/**
 * A UNIX socket's name as text: a path as it was bound, or `@` and the name for the abstract
 * namespace, as netstat and ss write it.
 *
 * @returns undefined when the socket has no name
 */
export function unixPath(socket: SocketView): string | undefined {
  const name = socket.unixName();
  if (name === undefined || name.length === 0) return undefined;
  return name[0] === 0 ? `@${decoder.decode(name.subarray(1))}` : decoder.decode(name);
}
