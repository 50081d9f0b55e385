/** Name servers that do not answer. */

import type { TestNetns } from '../../../support/netns.ts';
import { startDnsmasq } from '../../../support/software/dnsmasq.ts';
import type { Incident } from '../incident.ts';

/** Looks a name up for every request: THREADS. */
const LOOKUPS = `
import socket, sys, threading, time
def run():
    while True:
        begin = time.monotonic()
        try: socket.getaddrinfo("db.test", 5432, socket.AF_INET)
        except socket.gaierror as error: print("error", error)
        print("took", round(time.monotonic() - begin, 1))
        time.sleep(0.2)
for _ in range(int(sys.argv[1])): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Asks a name server about ever other names, as browsers behind a router do. */
const MANY_NAMES = `
import os, socket, struct, time
print("ready")
sockets = []
number = 0
while True:
    number += 1
    query = struct.pack(">HHHHHH", number % 65536, 0x100, 1, 0, 0, 0)
    for label in ("n%d" % number, "example", "test"): query += bytes([len(label)]) + label.encode()
    query += b"\\0" + struct.pack(">HH", 1, 1)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("10.20.0.1", 53))
    sender.send(query)
    sockets.append(sender)
    if len(sockets) > 100: sockets.pop(0).close()
    time.sleep(0.03)
`;

/** Makes a host drop every datagram to port 53. */
function dropQueries(netns: TestNetns): void {
  netns.run('iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '53', '-j', 'DROP');
}

export const DNS: readonly Incident[] = [
  {
    name: 'dns-first-nameserver-dead',
    report: 'https://github.com/moby/moby/issues/42519',
    story: 'The first of two name servers does not answer: every lookup waits five seconds and then asks the second.',
    async scene(stage) {
      const [app, dead, alive] = stage.network('app', 'dead', 'alive');
      stage.hide(dead);
      stage.hide(alive);
      dropQueries(dead);
      await startDnsmasq(alive, { address: '10.20.0.3', hosts: { 'db.test': '10.20.0.9' } });
      const resolvConf = 'nameserver 10.20.0.2\nnameserver 10.20.0.3\n';
      const script = await stage.python(app, LOOKUPS, { args: ['4'], resolvConf });
      await script.printed('took 5');
    },
    expected: {
      rules: ['DNS_UNANSWERED'],
      place: /10\.20\.0\.2/,
      says: [/nameserver|resolv\.conf/i],
      never: [/ndots/],
      beside: [],
    },
  },
  {
    name: 'dnsmasq-upstream-dead',
    report: 'https://github.com/openwrt/luci/issues/7362',
    story: 'The server that dnsmasq forwards to does not answer, until the limit of 150 queries is reached.',
    async scene(stage) {
      const [resolver, upstream, clients] = stage.network('resolver', 'upstream', 'clients');
      stage.hide(upstream);
      dropQueries(upstream);
      const dns = await startDnsmasq(resolver, { address: '10.20.0.1', servers: ['10.20.0.2'] });
      await stage.python(clients, MANY_NAMES);
      await stage.reached('the limit', () => /concurrent DNS queries/.test(dns.log()));
    },
    expected: {
      rules: ['DNS_UNANSWERED'],
      place: /10\.20\.0\.2|dnsmasq/,
      says: [/10\.20\.0\.2|nameserver|upstream/i],
      never: [/^.*raise dns-forward-max/i],
      beside: ['DNS_STORM', 'DNS_UNANSWERED'],
    },
  },
];
