/** Facts about containers, on containers of a real Engine. */
import fs from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { inside } from '../support/recipes/inside.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: facts about containers', () => proveAll(engine));

function proveAll(docker: TestEngine): void {
  afterAll(() => docker.removeAll());
  const env = { DOCKER_HOST: docker.endpoint };
  const findings = async (target: string, rule: string): Promise<readonly Finding[]> =>
    (await diagnose(target, { rules: [rule], for: '1s', env, prefix: docker.asMachine })).findings;

  prove({
    rule: 'HOST_NETWORK',
    how: "docker: a container on the host's network",
    async fault() {
      const { name } = await docker.run({ network: 'host' });
      return findings(name, 'HOST_NETWORK');
    },
  });

  prove({
    rule: 'SHARED_NETNS',
    how: 'docker: a container in the network of another',
    async fault() {
      const web = await docker.run();
      await docker.run({ network: `container:${web.name}` });
      return findings(web.name, 'SHARED_NETNS');
    },
    check: ({ evidence }) => expect(evidence[0]?.value).toBe(2),
  });

  prove({
    rule: 'EMBEDDED_DNS_LISTENER',
    how: 'docker: a container on a network of its own',
    async fault() {
      const { name } = await docker.run({ network: await docker.createNetwork() });
      return findings(name, 'EMBEDDED_DNS_LISTENER');
    },
    check: ({ evidence }) => expect(evidence.map(({ what }) => what).sort()).toEqual(['tcp listener', 'udp listener']),
  });

  test('EMBEDDED_DNS_LISTENER: not on the default bridge', { timeout: 240_000 }, async () => {
    const { name } = await docker.run();
    expect(await findings(name, 'EMBEDDED_DNS_LISTENER')).toEqual([]);
  });

  prove({
    rule: 'DOCKER_PROXY_HOP',
    how: 'docker: a published port, reached from the host',
    async fault() {
      const { name, pid, port } = await published(docker);
      const client = await connected(docker, { host: '127.0.0.1', port });
      try {
        await until('the connection inside', () => isEstablished(pid));
        return await findings(`${name},host`, 'DOCKER_PROXY_HOP');
      } finally {
        await client.stop();
      }
    },
    check: (finding) => expect(finding).toMatchObject({ severity: 'info', confidence: 'high', about: 'port 80' }),
  });

  test("DOCKER_PROXY_HOP: quiet about the host's connections to the container's own address", {
    timeout: 240_000,
  }, async () => {
    const { name, pid, address } = await published(docker);
    const client = await connected(docker, { host: address, port: 80 });
    try {
      await until('the connection inside', () => isEstablished(pid));
      expect(await findings(`${name},host`, 'DOCKER_PROXY_HOP')).toEqual([]);
    } finally {
      await client.stop();
    }
  });
}

async function published(docker: TestEngine) {
  // It waits for a request, and goes on listening.
  const script = 'exec /bin/busybox httpd -f -p 80';
  const container = await docker.run({ script, publish: { '80/tcp': 0 } });
  const { NetworkSettings } = (await docker.ask('GET', `/containers/${container.id}/json`)) as Inspected;
  await until('the listener', () => tcpRows(container.pid).some((row) => row.includes(':0050 ') && / 0A /.test(row)));
  return {
    ...container,
    port: Number(NetworkSettings.Ports['80/tcp']?.[0]?.HostPort),
    address: NetworkSettings.Networks.bridge?.IPAddress ?? '',
  };
}

interface Inspected {
  NetworkSettings: {
    Ports: Record<string, { HostPort: string }[] | undefined>;
    Networks: Record<string, { IPAddress: string } | undefined>;
  };
}

/** A process on the Engine's host with one connection, which lasts until it is stopped. */
async function connected(docker: TestEngine, address: { host: string; port: number }): Promise<Workshop> {
  const client = await Workshop.start(inside({ pid: docker.hostPid }));
  await client.connect(await client.socket(AF.INET, SOCK.STREAM), address);
  return client;
}

function tcpRows(pid: number): string[] {
  return ['tcp', 'tcp6'].flatMap((file) => fs.readFileSync(`/proc/${pid}/net/${file}`, 'latin1').split('\n'));
}

function isEstablished(pid: number): boolean {
  return tcpRows(pid).some((row) => / 01 /.test(row));
}
