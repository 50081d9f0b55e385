/** A place whose sockets can be looked at, and how to recognise it. */
export interface Target {
  /** What a person calls it: the container's name, `pid:42`, `netns:blue`, `host`. */
  name: string;
  /** `docker`, `podman`, …; `pid`, `netns` and `host` for what is no container. */
  runtime: string;
  /** Full container id; absent for what is no container. */
  id?: string;
  /** A process that lives in it; absent for a named namespace without processes. */
  pid?: number;
  /**
   * Inode number of the network namespace: its identity while something holds it. Negative where the
   * inode may not be read: then a number that only tells namespaces apart.
   */
  netns: number;
}
