import type { ContainerdContainer } from './container-facts.ts';

/** A containerd, seen from its shims. */
export interface ContainerdPlace {
  /**
   * Path of its socket. It changes where that leads through a process of another mount namespace, which can end before
   * containerd does.
   */
  readonly socket: string;
  /** Id of the container that it runs in, as in a node of kind; absent on the host. */
  readonly node?: string;
  /**
   * Whether its word is taken: one in a container, or of another user than root, is believed about the containers alone
   * whose processes its shims have started.
   */
  readonly isTrusted: boolean;
  /** Whether a setting names it: then it is asked even where no shim of it is seen. */
  readonly isSet: boolean;
  /** CONTAINERD_NAMESPACE: decides where several namespaces have a container of the same name. */
  readonly preferred?: string;
  /** What the shims of this containerd tell about its running containers, without its API. */
  fromShims(): ContainerdContainer[];
}
