import type { EngineAddress, UnusableAddress } from './engine-address.ts';

/** Where an Engine may listen. */
export interface EngineEndpoint {
  /** Which runtime is expected; the answer decides. */
  runtime: 'docker' | 'podman';
  /** As it was written: `unix:///var/run/docker.sock`. */
  uri: string;
  /** Where the address comes from: `DOCKER_HOST`, `context "remote"`, `default`. */
  source: string;
  address: EngineAddress | UnusableAddress;
}
