import { expect, test } from 'vitest';
import { kindOfLink, kindOfProtocol } from '../../../../src/model/sample/descriptor-kinds.ts';

test.each([
  ['socket:[12]', 'socket'],
  ['pipe:[12]', 'pipe'],
  ['/var/log/app.log', 'file'],
  ['/var/log/app.log (deleted)', 'deleted'],
  ['/socket:[3]', 'file'],
  ['/dev/null', 'device'],
  ['/dev/pts/0', 'device'],
  ['/dev/shm/segment', 'file'],
  ['/dev/shm/segment (deleted)', 'deleted'],
  ['/memfd:buffer (deleted)', 'memory'],
  ['anon_inode:[eventpoll]', 'eventpoll'],
  ['anon_inode:[eventfd]', 'eventfd'],
  ['anon_inode:[timerfd]', 'timerfd'],
  ['anon_inode:[signalfd]', 'signalfd'],
  ['anon_inode:inotify', 'inotify'],
  ['anon_inode:[io_uring]', 'ioUring'],
  ['anon_inode:[pidfd]', 'pidfd'],
  ['pidfd:[33]', 'pidfd'],
  ['anon_inode:bpf-map', 'other'],
  ['net:[4026531840]', 'other'],
  ['constructor', 'other'],
])('%s is a %s', (link, kind) => {
  expect(kindOfLink(link)).toBe(kind);
});

test.each([
  ['TCPv6', 'tcp'],
  ['MPTCP', 'tcp'],
  ['UDP-Lite', 'udp'],
  ['UNIX-STREAM', 'unix'],
  ['UNIX', 'unix'],
  ['NETLINK', 'otherSocket'],
  ['AF_VSOCK', 'otherSocket'],
])('a socket of %s is %s', (protocol, kind) => {
  expect(kindOfProtocol(protocol)).toBe(kind);
});
