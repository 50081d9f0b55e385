/** Name servers that do not answer, asked by the resolver of glibc; and programs that keep a socket to theirs. */
import { afterEach, expect, test } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { startDnsmasq } from '../support/software/dnsmasq.ts';
import { startNginx } from '../support/software/nginx.ts';
import { DNS } from './incidents/scenes/dns.ts';
import { Stage } from './incidents/stage.ts';

let stage = new Stage();
afterEach(async () => {
  await stage.end();
  stage = new Stage();
});

const examined = async () => (await diagnose(stage.target, { rules: ['DNS_UNANSWERED'], for: '10s' })).findings;

/** Looks a name up over and over, and keeps a socket for all queries to the name server, as asynchronous resolvers do. */
const LOOKUPS_THAT_KEEP = `
import socket, struct, sys, time
query = struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\\2db\\4test\\0" + struct.pack(">HH", 1, 1)
kept = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
for each in kept: each.connect((sys.argv[1], 53))
print("ready")
while True:
    for each in kept:
        each.send(query)
        each.recv(512)
    socket.getaddrinfo("db.test", 80, socket.AF_INET)
    time.sleep(0.05)
`;

prove({
  rule: 'DNS_UNANSWERED',
  how: 'namespaces: the first of two name servers of resolv.conf drops queries, dnsmasq is the second',
  lookAlike: 'nginx, dnsmasq and a resolver that keep their sockets to a name server that answers',
  async fault() {
    await DNS.find(({ name }) => name === 'dns-first-nameserver-dead')?.scene(stage);
    return examined();
  },
  async healthy() {
    const [app, resolver, dns] = stage.network('app', 'resolver', 'dns');
    await startDnsmasq(dns, { address: '10.20.0.3', hosts: { 'db.test': '10.20.0.3', 'web.test': '10.20.0.3' } });
    await startDnsmasq(resolver, { address: '10.20.0.2', servers: ['10.20.0.3'], args: ['--cache-size=0'] });
    const http = `resolver 10.20.0.2 valid=1s ipv6=off; server { listen 80; location / { set $to web.test; proxy_pass http://$to:9; } }`;
    await startNginx(app, { http, port: 80 });
    await stage.python(app, LOOKUPS_THAT_KEEP, { args: ['10.20.0.2'], resolvConf: 'nameserver 10.20.0.2\n' });
    const ask = `
import time, urllib.request
print("ready")
while True:
    try: urllib.request.urlopen("http://127.0.0.1/").read()
    except OSError: pass
    time.sleep(0.2)
`;
    await stage.python(app, ask);
    await stage.reached('kept sockets', () => kept() >= 5);
    function kept(): number {
      return app
        .run('ss', '-Huan', 'dport', '=', ':53')
        .split('\n')
        .filter((line) => line !== '').length;
    }
    return examined();
  },
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'warning', about: expect.stringMatching(/^peer 10\.20\.0\.2:/) });
    expect(finding.summary).toContain('10.20.0.3');
    expect(finding.fixes[0]?.text).toContain('nameserver 10.20.0.2 out');
  },
});

test('DNS_UNANSWERED: the forwarder runs, and its upstream does not answer', { timeout: 240_000 }, async () => {
  await DNS.find(({ name }) => name === 'dnsmasq-upstream-dead')?.scene(stage);
  const [finding] = await examined();
  expect(finding).toMatchObject({ scope: { kind: 'process' }, summary: expect.stringContaining('(dnsmasq)') });
  expect(finding?.fixes[0]).toMatchObject({ where: 'dnsmasq', text: expect.stringContaining('upstream') });
});
