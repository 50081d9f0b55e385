/**
 * Names for numbers. Implementations look into the host's files and into what the runtimes told;
 * nothing here asks the network. All results may contain what a container chose: whoever prints
 * them to a terminal escapes them.
 */
export interface Names {
  /** Name of a host or container by textual address; undefined where none is known. */
  host(address: string): string | undefined;
  /** Service name of a port (host byte order); undefined where none is known. */
  service(port: number, proto: string): string | undefined;
  /** User name of a uid; undefined where none is known. */
  user(uid: number): string | undefined;
}
