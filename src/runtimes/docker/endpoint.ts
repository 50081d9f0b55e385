import type { EngineAddress, UnusableAddress } from './engine-address.ts';

/** An Engine that may be there. */
export interface EngineEndpoint {
  /** Who is expected to answer; the answer itself decides. */
  runtime: 'docker' | 'podman';
  /** As it was written: `unix:///var/run/docker.sock`. */
  uri: string;
  /** Who said so: `DOCKER_HOST`, `context "remote"`, `default`. */
  source: string;
  address: EngineAddress | UnusableAddress;
}
