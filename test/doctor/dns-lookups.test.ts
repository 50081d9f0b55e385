/** Real lookups: glibc's resolver with search domains asks many times for each name, over one socket. */
import fs from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { diagnose } from '../support/doctor.ts';
import { connectNetns, createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { startDnsmasq } from '../support/software/dnsmasq.ts';
import { missingProgram, ownFolder, stopSoftware } from '../support/software/program.ts';

const missing = missingProgram('dnsmasq', 'python3');

const folders: string[] = [];

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

/** Looks a name up every so many milliseconds, with a resolv.conf of its own. */
const LOOKUPS = `
import socket, sys, time
print('ready', flush=True)
while True:
    try: socket.getaddrinfo('db.test', 80)
    except OSError: pass
    time.sleep(float(sys.argv[1]) / 1000)
`;

/** A client that asks dnsmasq elsewhere. @returns its namespace */
async function asking(everyMs: number, resolv: string): Promise<TestNetns> {
  const client = createNetns();
  const server = createNetns();
  connectNetns({ netns: client, addresses: ['10.86.1.1/24'] }, { netns: server, addresses: ['10.86.1.2/24'] });
  await startDnsmasq(server, { address: '10.86.1.2', hosts: { 'db.test': '10.86.1.2' } });
  const folder = ownFolder('resolv');
  folders.push(folder);
  const file = `${folder}/resolv.conf`;
  fs.writeFileSync(file, `nameserver 10.86.1.2\n${resolv}\n`);
  const mount = `mount --bind ${file} /etc/resolv.conf && exec python3 -c "$1" ${everyMs}`;
  client.spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', mount, 'sh', LOOKUPS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until('queries', () => outDatagrams(client) > 20);
  return client;
}

/** OutDatagrams of /proc/net/snmp. */
function outDatagrams(netns: TestNetns): number {
  const [names = '', values = ''] = netns.run('grep', '^Udp:', '/proc/net/snmp').trim().split('\n');
  return Number(values.split(' ')[names.split(' ').indexOf('OutDatagrams')]);
}

test.skipIf(missing !== undefined)(
  'DNS_STORM: 25 lookups a second with ndots and search domains are more than 100 queries',
  {
    timeout: 240_000,
  },
  async () => {
    const client = await asking(30, 'search a.test b.test c.test d.test e.test\noptions ndots:5');
    const begin = { atMs: Date.now(), sent: outDatagrams(client) };
    const { findings } = await diagnose(`netns:${client.name}`, { rules: ['DNS_STORM'], for: '5s' });
    const perSecond = ((outDatagrams(client) - begin.sent) * 1000) / (Date.now() - begin.atMs);
    expect(findings).toMatchObject([{ severity: 'warning', about: 'port 53' }]);
    const counted = Number(/^(\d+) DNS queries a second/.exec(findings[0]?.summary ?? '')?.[1]);
    expect(counted).toBeGreaterThan(perSecond * 0.7);
    expect(counted).toBeLessThan(perSecond * 1.3);
  },
);

test.skipIf(missing !== undefined)(
  'DNS_STORM is quiet: as many lookups of a name that is asked for as it is',
  {
    timeout: 240_000,
  },
  async () => {
    const client = await asking(30, 'options ndots:1');
    const { findings } = await diagnose(`netns:${client.name}`, { rules: ['DNS_STORM'], for: '5s' });
    expect(findings).toEqual([]);
  },
);
