/**
 * Names for numbers, from files of the host and from the container runtimes; never from the network. Names are
 * not safe for a terminal: a container can choose them.
 */
export interface Names {
  /** Name of a host or container by textual address; undefined where none is known. */
  host(address: string): string | undefined;
  /** Service name of a port (host byte order); undefined where none is known. */
  service(port: number, proto: string): string | undefined;
  /** User name of a uid; undefined where none is known. */
  user(uid: number): string | undefined;
}
