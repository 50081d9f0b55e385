import { dockerRuntimes } from '../../../src/runtimes/docker/docker-runtimes.ts';
import type { EngineOptions } from '../../../src/runtimes/docker/engine-runtime.ts';
import type { TestEngine } from '../engine.ts';
import type { EngineBed, EngineContainerOptions } from './engine-contract.ts';

/** A Docker Engine under the contract of runtimes. @param options of the adapter */
export function dockerBed(docker: TestEngine, options: EngineOptions): EngineBed {
  const engineOptions = ({ nofile, ...others }: EngineContainerOptions) => ({
    ...others,
    ...(nofile !== undefined && { ulimits: [{ Name: 'nofile', Soft: nofile.soft, Hard: nofile.hard }] }),
  });
  return {
    name: 'docker',
    keepsStopped: true,
    listsHostNetwork: true,
    limits: { soft: 1234, hard: 5678 },
    view: { env: { DOCKER_HOST: docker.endpoint }, prefix: docker.asMachine },
    runtime() {
      const [runtime] = dockerRuntimes({ DOCKER_HOST: docker.endpoint }, '/nonexistent', options);
      if (runtime === undefined) throw new Error('no runtime');
      return runtime;
    },
    run: (asked = {}) => docker.run(engineOptions(asked)),
    stop: ({ id }) => docker.stop(id),
    async again({ id, name }) {
      await docker.ask('POST', `/containers/${id}/start`);
      const { State } = (await docker.ask('GET', `/containers/${id}/json`)) as { State: { Pid: number } };
      return { id, name, pid: State.Pid };
    },
    remove: ({ id }) => docker.remove(id),
    create: (name) => docker.create(name),
    prefixOfTwo: () => idPrefixOfTwo(() => docker.create(docker.uniqueName())),
    createNetwork: ({ ipv4, ipv6 }) =>
      docker.createNetwork({ EnableIPv6: true, IPAM: { Config: [{ Subnet: ipv4 }, { Subnet: ipv6 }] } }),
    end: () => docker.removeAll(),
  };
}

/**
 * Makes containers until two ids begin with the same digit: seventeen at most.
 *
 * @param create makes a container with an id of the runtime's choice @returns the digit
 */
export async function idPrefixOfTwo(create: () => Promise<string>): Promise<string> {
  const seen = new Set<string>();
  for (;;) {
    const digit = (await create()).charAt(0);
    if (seen.has(digit)) return digit;
    seen.add(digit);
  }
}
