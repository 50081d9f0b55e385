import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerDetails, ContainerFacts } from '../../../src/model/container/container.ts';
import type { Runtime } from '../../../src/runtimes/runtime.ts';
import type { ContainerOptions, RuntimeBed } from './contract.ts';

/** What is asked of a container of an Engine. */
export interface EngineContainerOptions extends ContainerOptions {
  /** `bridge` (the default), `host`, `none`, `container:NAME`, or a network's name. */
  network?: string;
  /** Host port for each container port, such as `8080/tcp`. */
  publish?: Record<string, number>;
}

/** A bed of a runtime with the Docker Engine's API. */
export interface EngineBed extends RuntimeBed<EngineContainerOptions> {
  /** Whether a list tells of the networks `host` and `none`; else it tells nothing of them. */
  readonly listsHostNetwork: boolean;
  /** Makes a container that never starts. @returns its id */
  create(name: string): Promise<string>;
  /** Creates a network of both families. @returns its name */
  createNetwork(subnets: { ipv4: string; ipv6: string }): Promise<string>;
}

/** Addresses that a process's namespace has, without loopback and link-local ones, by ip(8). */
function addressesOf(pid: number): string[] {
  const text = execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', '-o', 'address'], { encoding: 'utf8' });
  const addresses = text.split('\n').map((line) => /inet6? ([^/ ]+)\/\d+ .*scope global/.exec(line)?.[1]);
  return addresses.filter((address) => address !== undefined).sort();
}

/** Gateways of a process's namespace, by ip(8). */
function gatewaysOf(pid: number): string[] {
  const routes = ['-4', '-6'].map((family) =>
    execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', family, 'route'], { encoding: 'utf8' }),
  );
  return [...routes.join('\n').matchAll(/^default via (\S+)/gm)].map((match) => match[1] ?? '').sort();
}

/** What a runtime with the Docker Engine's API promises beyond {@link describeContract}. */
export function describeEngine(title: string, bed: EngineBed): void {
  describe(`an Engine's API: ${title}`, () => {
    let runtime: Runtime;
    beforeAll(() => {
      runtime = bed.runtime();
    });
    afterAll(() => bed.end());

    async function listed(id: string): Promise<ContainerFacts | undefined> {
      return (await runtime.list()).find((container) => container.id === id);
    }
    async function found(name: string): Promise<ContainerDetails> {
      const [container, ...others] = await runtime.find(name);
      if (container === undefined || others.length > 0) throw new Error(`${name}: ${others.length + 1} answers`);
      return container;
    }

    test('a name may begin with a slash, as the API has it', async () => {
      const { name, id } = await bed.run();
      expect((await found(`/${name}`)).id).toBe(id);
    });

    test('a name that is also the prefix of an id means the name', async () => {
      const other = await bed.run();
      const named = await bed.run({ name: other.id.slice(0, 10) });
      expect((await found(other.id.slice(0, 10))).id).toBe(named.id);
      // The name would be in the way of others.
      await bed.stop(named);
      await bed.remove(named);
    });

    test('a container that never started has no times', async () => {
      const name = `${(await bed.run()).name}-created`;
      const id = await bed.create(name);
      expect(await listed(id)).toBeUndefined();
      const details = await found(name);
      expect(details).toMatchObject({ id, running: false });
      for (const absent of ['pid', 'startedAt', 'finishedAt']) expect(details).not.toHaveProperty(absent);
    });

    test('addresses and gateways on the default bridge are those of its namespace', async () => {
      const container = await bed.run();
      const facts = await listed(container.id);
      expect(facts?.networkMode).toBe('bridge');
      expect(addressesOf(container.pid)).not.toEqual([]);
      expect(facts?.addresses.map(({ address }) => address).sort()).toEqual(addressesOf(container.pid));
      expect(facts?.gateways).toEqual(gatewaysOf(container.pid));
    });

    test('addresses of both families on a user-defined network', async () => {
      const network = await bed.createNetwork({ ipv4: '10.215.7.0/24', ipv6: 'fd5c:7::/64' });
      const container = await bed.run({ network });
      const facts = await listed(container.id);
      expect(facts?.networkMode).toBe(network);
      expect(addressesOf(container.pid)).toHaveLength(2);
      expect(facts?.addresses.map(({ address }) => address).sort()).toEqual(addressesOf(container.pid));
      expect(new Set(facts?.addresses.map((address) => address.network))).toEqual(new Set([network]));
      expect([...(facts?.gateways ?? [])].sort()).toEqual(gatewaysOf(container.pid));
    });

    test('a published port is told with the port of the host', async () => {
      const { name } = await bed.run({ publish: { '8080/tcp': 18_080 } });
      expect((await found(name)).published).toEqual([{ proto: 'tcp', containerPort: 8080, hostPort: 18_080 }]);
    });

    test.each(['host', 'none'])('a container with network %s has no address', async (network) => {
      const { id, name } = await bed.run({ network });
      const facts = await listed(id);
      expect(facts).toMatchObject({ addresses: [], gateways: [] });
      expect(facts?.networkMode).toBe(bed.listsHostNetwork ? network : undefined);
      expect(await found(name)).toMatchObject({ networkMode: network, addresses: [], gateways: [] });
    });

    test("a container in another one's namespace has no address of its own", async () => {
      const owner = await bed.run();
      const guest = await bed.run({ network: `container:${owner.name}` });
      expect(await listed(guest.id)).toMatchObject({ networkMode: `container:${owner.id}`, addresses: [] });
      expect(fs.readlinkSync(`/proc/${guest.pid}/ns/net`)).toBe(fs.readlinkSync(`/proc/${owner.pid}/ns/net`));
    });
  });
}
