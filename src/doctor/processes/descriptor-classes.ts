/** What grows, and where to look for the missing close(), by the kind of a descriptor. */
const CLASSES: Readonly<Record<string, { noun: string; advice: string }>> = {
  tcp: {
    noun: 'TCP sockets',
    advice:
      'connections are opened and not closed: close the body of every response, and cap and reuse what a pool gives',
  },
  udp: {
    noun: 'UDP sockets',
    advice: 'a resolver or a statistics client is made for each request: make one and keep it',
  },
  unix: {
    noun: 'UNIX sockets',
    advice: 'clients of a local service, or socketpairs with child processes, are not closed',
  },
  otherSocket: { noun: 'other sockets', advice: 'netlink, packet or raw sockets are opened and not closed' },
  zombie: {
    noun: 'sockets that no table shows',
    advice:
      'their connections are closed, or never were open: close() is missing on the paths of errors (ECONNRESET, refused connects)',
  },
  pipe: {
    noun: 'pipes',
    advice: 'child processes are started and their pipes not closed, or nobody waits for the children',
  },
  file: {
    noun: 'files',
    advice:
      'files are opened and not closed: handlers of loggers, uploads, templates, certificates, opened for each request or run',
  },
  deleted: {
    noun: 'deleted files',
    advice: 'deleted files are held open: reopen logs after their rotation, close temporary files',
  },
  device: { noun: 'devices', advice: 'a device (/dev/urandom, /dev/null) is opened for each request or child' },
  memory: { noun: 'memory files', advice: 'memfd_create() without a close()' },
  eventpoll: {
    noun: 'epoll descriptors',
    advice: 'event loops are made for each request or client: make one and share it',
  },
  eventfd: {
    noun: 'eventfds',
    advice: 'event loops or their wake-ups are made for each request or client: make one and share it',
  },
  timerfd: { noun: 'timerfds', advice: 'timers are made for each request and not closed' },
  inotify: { noun: 'inotify descriptors', advice: 'file watchers are made again and again: close the old one first' },
  ioUring: { noun: 'io_uring descriptors', advice: 'rings are made for each request or thread: make one and share it' },
  pidfd: { noun: 'pidfds', advice: 'child processes are watched and their descriptors not closed' },
};

/** A kind of descriptor in words. */
export function descriptorClass(kind: string): { noun: string; advice: string } {
  return CLASSES[kind] ?? { noun: `descriptors (${kind})`, advice: 'they are opened and not closed' };
}
