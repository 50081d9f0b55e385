/** Refused attempts to connect whose server does listen: at another address, of another family, or elsewhere. */
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose } from '../support/doctor.ts';
import { TestEngine, testEngine } from '../support/engine.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { stopSoftware } from '../support/software/program.ts';
import { startPython } from '../support/software/python-program.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** A server that accepts and closes, at one address. */
function server(family: 'AF_INET' | 'AF_INET6', address: string, port: number): string {
  return `
import socket
listener = socket.socket(socket.${family})
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
${family === 'AF_INET6' ? 'listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)' : ''}
listener.bind(("${address}", ${port}))
listener.listen(128)
print("listening", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(1)
    connection.close()
`;
}

/** Blocking attempts in turn, ten rounds a second, as create_connection("localhost") makes them: up to the first that is taken. */
function attempts(...endpoints: readonly (readonly [address: string, port: number])[]): string {
  return `
import socket, time
print("trying", flush=True)
while True:
    for address, port in ${JSON.stringify(endpoints)}:
        try:
            connection = socket.create_connection((address, port))
            connection.close()
            break
        except ConnectionRefusedError:
            pass
    time.sleep(0.1)
`;
}

async function refusals(netns: TestNetns, options: DiagnoseOptions = {}): Promise<Finding[]> {
  const { findings } = await diagnose(`netns:${netns.name}`, { rules: ['CONNECT_REFUSED'], for: '10s', ...options });
  return [...findings];
}

test('CONNECT_REFUSED: an IPv4 listener where ::1 is tried first is a fact, not a fault', {
  timeout: 240_000,
}, async () => {
  const netns = createNetns();
  await startPython(netns, server('AF_INET', '127.0.0.1', 8080));
  await startPython(netns, attempts(['::1', 8080], ['127.0.0.1', 8080]));
  const [finding, ...more] = await refusals(netns);
  expect(more).toEqual([]);
  expect(finding?.summary).toContain('the listener is at 127.0.0.1:8080, IPv4 only, and ::1 was tried first');
  expect(finding).toMatchObject({ severity: 'info' });
  expect(finding?.fixes[0]?.snippet).toBe('127.0.0.1:8080');
});

test('CONNECT_REFUSED: an IPv6 listener where only 127.0.0.1 is tried', { timeout: 240_000 }, async () => {
  const netns = createNetns();
  await startPython(netns, server('AF_INET6', '::', 8080));
  await startPython(netns, attempts(['127.0.0.1', 8080]));
  const [finding] = await refusals(netns);
  expect(finding?.summary).toContain('the listener is at [::]:8080, IPv6 only, and 127.0.0.1 was tried');
  expect(finding).toMatchObject({ severity: 'warning' });
});

test('CONNECT_REFUSED: blocking attempts to two ports are two findings, with the ports that do listen', {
  timeout: 240_000,
}, async () => {
  const netns = createNetns();
  await startPython(netns, server('AF_INET', '0.0.0.0', 8000));
  await startPython(netns, attempts(['127.0.0.1', 7070], ['127.0.0.1', 9090]));
  const findings = await refusals(netns);
  expect(findings.map(({ about }) => about).sort()).toEqual(['peer localhost:7070', 'peer localhost:9090']);
  for (const { summary, evidence } of findings) {
    expect(summary).toContain('nothing listens there');
    expect(evidence.find(({ what }) => what === 'ports that are listened on there')?.value).toBe('8000');
  }
});

test('CONNECT_REFUSED: without the kernel program the port of a blocking attempt is called unknown', {
  timeout: 240_000,
}, async () => {
  const netns = createNetns();
  await startPython(netns, attempts(['127.0.0.1', 7070], ['127.0.0.1', 9090]));
  const findings = await refusals(netns, { env: { SOCKLENS_BPF: 'off' } });
  expect(JSON.stringify(findings)).not.toContain('*');
  expect(findings.length).toBeGreaterThan(0);
});

const engine = testEngine();
describe.skipIf(!(engine instanceof TestEngine))('docker', () => {
  const docker = engine as TestEngine;
  afterEach(() => docker.removeAll());

  /** A web server that listens at an address of its container, and a container that calls it. */
  async function called(address: string): Promise<Finding[]> {
    const web = await docker.run({ script: `exec busybox httpd -f -p ${address}:8080` });
    const enter = [`--net=/proc/${web.pid}/ns/net`];
    await until('the listener', () =>
      execFileSync('nsenter', [...enter, 'ss', '-tlnH', 'sport = :8080'], { encoding: 'utf8' }),
    );
    const shown = execFileSync('nsenter', [...enter, 'ip', '-4', '-o', 'address', 'show', 'dev', 'eth0'], {
      encoding: 'utf8',
    });
    const [, ip = ''] = /inet ([\d.]+)\//.exec(shown) ?? [];
    const client = await docker.run({
      script: `while true; do busybox wget -q -O /dev/null http://${ip}:8080/; busybox usleep 100000; done`,
    });
    const env = { DOCKER_HOST: docker.endpoint };
    const { findings } = await diagnose(`${web.name},${client.name}`, { rules: ['CONNECT_REFUSED'], env, for: '10s' });
    return [...findings];
  }

  test('docker: CONNECT_REFUSED: a server that listens at its own loopback address only', {
    timeout: 240_000,
  }, async () => {
    const [finding] = await called('127.0.0.1');
    expect(finding?.summary).toContain('the listener is at 127.0.0.1:8080 only');
    expect(finding?.fixes[0]?.text).toContain('listen on 0.0.0.0');
  });

  test('docker: CONNECT_REFUSED: quiet where it listens at every address', { timeout: 240_000 }, async () => {
    expect(await called('0.0.0.0')).toEqual([]);
  });
});
