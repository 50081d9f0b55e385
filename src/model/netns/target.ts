/** A container, process or network namespace whose sockets can be read. */
export interface Target {
  /** Name to print: the container's name, `pid:42`, `netns:blue`, `host`. */
  name: string;
  /** `docker`, `podman`, …; `pid`, `netns` and `host` for a target that is not a container. */
  runtime: string;
  /** Full container id; absent for a target that is not a container. */
  id?: string;
  /** A process in it; absent for a named network namespace without processes. */
  pid?: number;
  /**
   * Names of the containers that made the namespace inside themselves: processes of theirs are in it, and none of them
   * has it as its own. Absent for others.
   */
  madeBy?: readonly string[];
  /**
   * Inode number of the network namespace: identifies it while it exists. Where the inode cannot be read,
   * a negative number that differs from that of every other namespace.
   */
  netns: number;
}
