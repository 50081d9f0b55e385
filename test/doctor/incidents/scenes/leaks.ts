/** Descriptors that are used up by what nobody closes. */
import { startGunicorn } from '../../../support/software/python-servers.ts';
import { HTTP_CLIENT } from '../clients.ts';
import type { Incident } from '../incident.ts';

/** A file for the log of each run, whose handler is never closed. */
const LOG_FILES = `
import logging, tempfile
folder = tempfile.mkdtemp()
number = 0
def app(environ, start_response):
    global number
    number += 1
    log = logging.getLogger("run-%d" % number)
    log.addHandler(logging.FileHandler("%s/%d.log" % (folder, number)))
    log.warning("begins")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

const NO_TIMEOUTS = `package main

import ("fmt"; "net/http")

func main() {
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) { fmt.Fprintln(answer, "hello") })
	fmt.Println("ready")
	panic(http.ListenAndServe(":8080", nil))
}
`;

/** Begins requests and does not end them: HOST PORT COUNT. */
const UNFINISHED = `
import socket, sys, time
print("ready")
held = []
for _ in range(int(sys.argv[3])):
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: web\\r\\nX-A: ")
    held.append(connection)
print("open", len(held))
time.sleep(1000)
`;

export const LEAKS: readonly Incident[] = [
  {
    name: 'python-log-files-left-open',
    report: 'https://github.com/lucafaggianelli/plombery/issues/546',
    story: 'Each run opens a file for its log and leaves it open, until there are too many.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await startGunicorn(web, { source: LOG_FILES, args: ['--threads', '4'], nofile: 1024 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '2', '0.3'] });
    },
    forMs: 20_000,
    expected: {
      rules: ['LEAK_RISING', 'FD_LEAK_BY_TYPE'],
      severity: 'info',
      place: /gunicorn|python/,
      names: [/file/],
      says: [/close/],
      never: [/ulimit -n|nofile/],
      beside: [],
    },
  },
  {
    name: 'go-server-without-timeouts',
    report: 'https://github.com/Caiyeon/goldfish/issues/149',
    story: 'A server without timeouts keeps clients that never finish a request, until it has no descriptor left.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await stage.go(web, NO_TIMEOUTS, { nofile: 256 });
      await stage.python(clients, UNFINISHED, { args: ['10.20.0.1', '8080', '300'] });
      await stage.reached('a queue', () => stage.queued(web, 8080) >= 30);
    },
    expected: {
      rules: ['NOFILE_ACCEPT_STARVED', 'NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH', 'CONNECTION_CAP'],
      place: /8080|app/,
      says: [/Timeout/],
      beside: ['NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH', 'ACCEPT_STUCK', 'CONNECTION_CAP', 'NOFILE_ACCEPT_STARVED'],
    },
  },
];
