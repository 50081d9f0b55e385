import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerDetails, ContainerFacts } from '../../src/model/container/container.ts';
import type { Runtime } from '../../src/runtimes/runtime.ts';
import type { RunningContainer, RunOptions } from '../support/engine.ts';

/** Operations of a runtime's test that bypass the code under test. */
export interface RuntimeBed {
  /** The name that the adapter should answer with. */
  name: string;
  /** A new adapter. */
  runtime(): Runtime;
  run(options?: RunOptions): Promise<RunningContainer>;
  /** Makes a container that never starts. @returns its id */
  create(name: string): Promise<string>;
  /** Creates a network, with IPv6 when `ipv6` is set. @returns its name */
  createNetwork(subnets: { ipv4: string; ipv6: string }): Promise<string>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  uniqueName(): string;
  removeAll(): Promise<void>;
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

/** The suite that every {@link Runtime} passes, on the real thing. */
export function describeRuntime(bed: RuntimeBed): void {
  describe(`the runtime port: ${bed.name}`, () => {
    let runtime: Runtime;
    beforeAll(() => {
      runtime = bed.runtime();
    });
    afterAll(() => bed.removeAll());

    async function listed(id: string): Promise<ContainerFacts | undefined> {
      return (await runtime.list()).find((container) => container.id === id);
    }
    async function found(name: string): Promise<ContainerDetails> {
      const [container, ...others] = await runtime.find(name);
      if (container === undefined || others.length > 0) throw new Error(`${name}: ${others.length + 1} answers`);
      return container;
    }

    test('a running container is listed and found, with its labels and start time', async () => {
      const labels = { 'com.example.team': 'a', odd: '\u001b[31m "größe"\n' };
      const before = Date.now();
      const container = await bed.run({ labels });
      const facts = await listed(container.id);
      expect(facts).toMatchObject({ runtime: bed.name, id: container.id, name: container.name });
      expect(facts?.labels).toMatchObject(labels);
      const details = await found(container.name);
      expect(details).toMatchObject({ ...facts, running: true, pid: container.pid });
      expect(details).not.toHaveProperty('finishedAt');
      // The Engine's clock is this machine's.
      expect(Date.parse(details.startedAt ?? '')).toBeGreaterThan(before - 1000);
      expect(Date.parse(details.startedAt ?? '')).toBeLessThan(Date.now() + 1000);
      expect(fs.readFileSync(`/proc/${details.pid}/cmdline`, 'latin1')).toContain('sleep');
    });

    test('a container is found by its name, its id and a prefix of its id', async () => {
      const container = await bed.run();
      for (const name of [container.name, `/${container.name}`, container.id, container.id.slice(0, 12)]) {
        expect((await runtime.find(name)).map(({ id }) => id)).toEqual([container.id]);
      }
    });

    test('an id prefix that matches several containers gives all of them', async () => {
      const prefix = await idPrefixOfTwo(bed);
      const ids = (await runtime.find(prefix)).map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(1);
      expect(ids.every((id) => id.startsWith(prefix))).toBe(true);
    });

    test('a name that is also the prefix of an id means the name', async () => {
      const other = await bed.run();
      const named = await bed.run({ name: other.id.slice(0, 10) });
      expect((await found(other.id.slice(0, 10))).id).toBe(named.id);
      // The name would be in the way of others.
      await bed.remove(named.id);
    });

    test('a name that no container has finds nothing', async () => {
      for (const name of [
        'no-such-container',
        'f'.repeat(64),
        '0'.repeat(65),
        '',
        '..',
        '../info',
        'a b',
        '\u001b[2J',
      ]) {
        expect(await runtime.find(name)).toEqual([]);
      }
    });

    test('a stopped container is found and not listed', async () => {
      const container = await bed.run();
      await bed.stop(container.id);
      expect(await listed(container.id)).toBeUndefined();
      const details = await found(container.name);
      expect(details).toMatchObject({ id: container.id, running: false });
      expect(details).not.toHaveProperty('pid');
      expect(Date.parse(details.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(details.startedAt ?? ''));
    });

    test('a container that never started has no times', async () => {
      const name = bed.uniqueName();
      const id = await bed.create(name);
      expect(await listed(id)).toBeUndefined();
      const details = await found(name);
      expect(details).toMatchObject({ id, running: false });
      for (const absent of ['pid', 'startedAt', 'finishedAt']) expect(details).not.toHaveProperty(absent);
    });

    test('a removed container is not found', async () => {
      const container = await bed.run();
      await bed.remove(container.id);
      expect(await runtime.find(container.name)).toEqual([]);
      expect(await runtime.find(container.id)).toEqual([]);
    });

    test('declared limits are those of its process', async () => {
      const { name, pid } = await bed.run({ ulimits: [{ Name: 'nofile', Soft: 1234, Hard: 5678 }] });
      expect((await found(name)).limits).toEqual([{ name: 'nofile', soft: 1234, hard: 5678 }]);
      expect(fs.readFileSync(`/proc/${pid}/limits`, 'latin1')).toMatch(/^Max open files +1234 +5678 /m);
      expect((await found((await bed.run()).name)).limits).toEqual([]);
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

    test.each(['host', 'none'])('a container with network %s has no address', async (network) => {
      const facts = await listed((await bed.run({ network })).id);
      expect(facts).toMatchObject({ networkMode: network, addresses: [], gateways: [] });
    });

    test("a container in another one's namespace has no address of its own", async () => {
      const owner = await bed.run();
      const guest = await bed.run({ network: `container:${owner.name}` });
      expect(await listed(guest.id)).toMatchObject({ networkMode: `container:${owner.id}`, addresses: [] });
      expect(fs.readlinkSync(`/proc/${guest.pid}/ns/net`)).toBe(fs.readlinkSync(`/proc/${owner.pid}/ns/net`));
    });
  });
}

/** Makes containers until two ids begin with the same digit: seventeen at most. */
async function idPrefixOfTwo(bed: RuntimeBed): Promise<string> {
  const seen = new Set<string>();
  for (;;) {
    const digit = (await bed.create(bed.uniqueName())).charAt(0);
    if (seen.has(digit)) return digit;
    seen.add(digit);
  }
}
