/** Every text of the command line that is no error of a flow. */
export const TEXTS = {
  brief: 'Shows and explains the sockets inside containers, from the host',
  ps: 'One row for each container: sockets by state, descriptors and their limit, the busiest peer',
  ls: 'The sockets of a container, a process, a namespace or the host',
  netstat: 'Exactly what `nsenter -t PID -n netstat FLAGS` prints',
  target: 'a container (name, id, id prefix, docker:NAME), pid:N, netns:NAME, host, or all;\nseveral with commas',
  filter:
    'what to look for, as in ss and more: state close-wait, dst db:3306, dport 8000-8099,\n' +
    'idle > 30s, process nginx, with and, or, not and parentheses (docs/filters.md)',
  targetAndFilter: 'what to look at, and what to look for there; see above',
  json: 'One JSON document',
  ndjson: 'One JSON object a line',
  all: 'Also the namespaces without a container, and the host',
  numeric: 'Plain numbers, no names',
  tcp: 'TCP sockets',
  udp: 'UDP and UDP-Lite sockets',
  unix: 'UNIX sockets',
  raw: 'RAW sockets',
  mptcp: 'MPTCP sockets',
  ipv4: 'IPv4 only (also -4)',
  ipv6: 'IPv6 only (also -6)',
  listening: 'Only listening and unconnected sockets',
  processes: 'The processes that hold a socket',
  info: 'What the kernel knows about each TCP connection',
  ss: 'Read the filter as ss does: and, or from left to right',
  explainFilter: 'Show how the filter is read and what the kernel decides of it',
  by: 'Count in groups by these keys instead of listing',
} as const;
