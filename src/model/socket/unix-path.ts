import type { SocketView } from './socket-view.ts';

/** Declared here because the model is compiled without Node's types; every JavaScript runtime has it. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

const decoder = new TextDecoder();

/**
 * The name of a UNIX socket as text: its path, or `@` and the name for the abstract namespace, as netstat and ss
 * print it.
 *
 * @returns undefined when the socket has no name
 */
export function unixPath(socket: SocketView): string | undefined {
  const name = socket.unixName();
  if (name === undefined || name.length === 0) return undefined;
  return name[0] === 0 ? `@${decoder.decode(name.subarray(1))}` : decoder.decode(name);
}
