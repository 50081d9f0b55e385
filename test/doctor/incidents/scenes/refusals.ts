/** Connections that are taken and refused by what listens, or by what stands before it. */
import fs from 'node:fs';
import { startNginx } from '../../../support/software/nginx.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import { HTTP_CLIENT } from '../clients.ts';
import type { Healthy, Incident } from '../incident.ts';

/** Workers with a password that was changed. */
const POSTGRES_LOGINS = `
import psycopg2, threading, time
def run():
    while True:
        try: psycopg2.connect(host="10.20.0.2", user="app", password="old", dbname="postgres").close()
        except psycopg2.OperationalError as error: print("error", error)
        time.sleep(0.3)
for _ in range(8): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Asks for the root of the server by its address, as scanners do: THREADS. */
const SCANNER = `
import socket, time
print("ready")
while True:
    try:
        connection = socket.create_connection(("10.20.0.1", 80))
        connection.sendall(b"GET /wp-login.php HTTP/1.1\\r\\nHost: 10.20.0.1\\r\\n\\r\\n")
        connection.recv(100)
        connection.close()
    except OSError: pass
    time.sleep(0.2)
`;

export const REFUSALS: readonly Incident[] = [
  {
    name: 'postgres-wrong-password',
    report: 'https://github.com/mikesvoboda/nemotron-v3-home-security-intelligence/issues/3954',
    story: 'The password of a role was changed; the workers of a service try the old one again and again.',
    async scene(stage) {
      const [app, database] = stage.network('app', 'database');
      const server = await startPostgres(database, { roles: ['app'] });
      server.query("alter role app password 'new'");
      const file = `${server.folder}/data/pg_hba.conf`;
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('0.0.0.0/0 trust', '0.0.0.0/0 scram-sha-256'));
      server.query('select pg_reload_conf()');
      const script = await stage.python(app, POSTGRES_LOGINS);
      await script.printed('password authentication failed');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER'],
      place: /5432|postgres/,
      says: [/log|password|login|authentication/i],
      never: [/raise max_connections|max_connections = \d|idle_session/i],
      beside: ['CONN_CHURN', 'DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER'],
    },
  },
  {
    name: 'firewall-rejects',
    report: 'https://github.com/firehol/firehol/issues/175',
    story: 'The database listens, and a rule of the packet filter before it rejects what comes from the application.',
    async scene(stage) {
      const [app, database] = stage.network('app', 'database');
      await startPostgres(database, { roles: ['app'] });
      database.run('iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '5432', '-i', 'eth0', '-j', 'REJECT');
      const script = await stage.python(app, POSTGRES_LOGINS);
      await script.printed('refused');
    },
    expected: {
      // The kernel sends an ICMP error a second: attempts beyond that have no answer.
      rules: ['CONNECT_REFUSED', 'SYN_SENT_STUCK'],
      place: /5432|postgres/,
      says: [/firewall|packet filter|iptables|nft/i],
      never: [/start the server first|listen on 0\.0\.0\.0|address or the port is wrong/i],
      beside: ['CONNECT_REFUSED', 'SYN_SENT_STUCK'],
    },
  },
];

export const HEALTHY_REFUSALS: readonly Healthy[] = [
  {
    name: 'healthy-nginx-closes-scanners',
    story: 'Five requests a second of a scanner that nginx is told to close without an answer, beside the real ones.',
    async scene(stage) {
      const [web, clients, scanner] = stage.network('web', 'clients', 'scanner');
      const http = `
        server { listen 80 default_server; return 444; }
        server { listen 80; server_name web; return 200 hello; }`;
      await startNginx(web, { http, port: 80 });
      const client = HTTP_CLIENT.replace('headers={', 'headers={"Host": "web", ').replace(
        'else {}',
        'else {"Host": "web"}',
      );
      await stage.python(clients, client, { args: ['10.20.0.1', '80', '10', '0.2'] });
      await stage.python(scanner, SCANNER);
    },
  },
];
