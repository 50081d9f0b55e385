import { R0, R1, R2 } from '../assembler.ts';
import { hasMember, type KernelTypes } from '../kernel-types.ts';
import type { BpfProgram } from '../program.ts';
import { RecordLayout } from '../record-layout.ts';
import { type DescriptorForm, DescriptorProgram, HOLDER_FIELDS } from './descriptor-program.ts';

/** A socket that a process holds: one record for each descriptor. */
export const HELD_SOCKET = new RecordLayout({
  ...HOLDER_FIELDS,
  /** The socket's cookie; in the probe form 0 where nobody has asked for it yet. */
  cookie: 'u64',
  /** Version 2 cgroup that the socket was created in: the inode of its directory; 0 for none. */
  cgroup: 'u64',
  /** Version 2 cgroup of the process. */
  processCgroup: 'u64',
  /** Inode of the socket's network namespace. */
  netns: 'u32',
  /** Connections of a listening TCP socket that wait for accept(2). */
  acceptQueue: 'u32',
  /** The most that may wait. */
  acceptLimit: 'u32',
  /** 0 for a socket that is not bound, and in TCP's state CLOSE. */
  localPort: 'u16',
  peerPort: 'be16',
  /** AF_*. */
  family: 'u16',
  /** SOCK_*. */
  type: 'u16',
  /** IPPROTO_* for an internet socket. */
  protocol: 'u16',
  /** TCP's state by number, whatever the family: UNIX sockets use LISTEN, ESTABLISHED and CLOSE. */
  state: 'u8',
  /**
   * 1 for a listening TCP socket with half-open connections, which are not in the pass; in the probe form of the
   * program, which cannot tell, for every listening socket. 0 otherwise.
   */
  hasHalfOpen: 'u8',
  /** An IPv6 address; an IPv4 address in the first four bytes; zeros for other families. Network byte order. */
  localAddress: { bytes: 16 },
  peerAddress: { bytes: 16 },
});

/** TCP_LISTEN, include/net/tcp_states.h. */
const TCP_LISTEN = 10;
const AF = { INET: 2, INET6: 10 } as const;
/** Bits of the pointer to a cgroup before Linux 5.15: something else is there; the cgroup is not counted. */
const CGROUP_IS_DATA = 1;
const CGROUP_FLAGS = 3;

/**
 * The program that writes a {@link HELD_SOCKET} for each descriptor that is a socket, see {@link DescriptorProgram}.
 *
 * It does not see sockets without a descriptor: TIME_WAIT, half-open, orphaned and unaccepted connections, and those
 * inside of messages (SCM_RIGHTS). An MPTCP connection is one socket (protocol 262), whose TCP subflows have none.
 *
 * @throws {BtfError} when this kernel lacks a type that it needs
 */
export function heldSocketsProgram(types: KernelTypes, form: DescriptorForm): BpfProgram {
  const descriptors = new DescriptorProgram(types, form, HELD_SOCKET);
  const { program, sk, task, record } = descriptors;
  const { copy, read } = descriptors;

  // The function, which Linux 5.12 has for such programs, gives it one: events and dumps tell the same.
  if (form === 'typed') program.call('get_socket_cookie', sk).put(record, 'cookie', R0);
  else copy(record, 'cookie', sk, 'sock', '__sk_common.skc_cookie');
  copy(record, 'state', sk, 'sock', '__sk_common.skc_state');
  copy(record, 'type', sk, 'sock', 'sk_type');
  copy(record, 'protocol', sk, 'sock', 'sk_protocol');
  copy(record, 'acceptQueue', sk, 'sock', 'sk_ack_backlog');
  copy(record, 'acceptLimit', sk, 'sock', 'sk_max_ack_backlog');
  read(R1, sk, 'sock', '__sk_common.skc_net.net');
  copy(record, 'netns', R1, 'net', 'ns.inum');
  socketCgroup();
  endpoints();
  halfOpen();
  program.read(R1, task, 'task_struct', 'cgroups').read(R1, R1, 'css_set', 'dfl_cgrp');
  program.read(R1, R1, 'cgroup', 'kn').copy(record, 'processCgroup', R1, 'kernfs_node', 'id');
  return descriptors.finish('socklens_held');

  function socketCgroup(): void {
    program.clear(record, 'cgroup');
    if (hasMember(types, 'sock', 'sk_cgrp_data.cgroup')) read(R1, sk, 'sock', 'sk_cgrp_data.cgroup');
    else if (hasMember(types, 'sock', 'sk_cgrp_data.val')) {
      read(R1, sk, 'sock', 'sk_cgrp_data.val');
      program.jumpIf(R1, '&', CGROUP_IS_DATA, 'no cgroup').calculate(R1, '&', ~CGROUP_FLAGS);
      // A number from here on, whichever form.
      program.jumpIf(R1, '==', 0, 'no cgroup').probeRead(R1, R1, 'cgroup', 'kn');
      program.probeCopy(record, 'cgroup', R1, 'kernfs_node', 'id').label('no cgroup');
      return;
    } else return;
    read(R1, R1, 'cgroup', 'kn');
    copy(record, 'cgroup', R1, 'kernfs_node', 'id');
  }

  function halfOpen(): void {
    program.put(record, 'hasHalfOpen', 0);
    read(R1, sk, 'sock', '__sk_common.skc_state');
    program.jumpIf(R1, '!=', TCP_LISTEN, 'none half-open');
    // By call the length would be read of whatever socket this is.
    if (form === 'typed') {
      program.call('skc_to_tcp_sock', sk).jumpIf(R0, '==', 0, 'none half-open');
      program.read(R1, R0, 'tcp_sock', 'inet_conn.icsk_accept_queue.qlen.counter');
      program.jumpIf(R1, '==', 0, 'none half-open');
    }
    program.put(record, 'hasHalfOpen', 1);
    program.label('none half-open');
  }

  function endpoints(): void {
    program.clear(record, 'localAddress').clear(record, 'peerAddress');
    program.put(record, 'localPort', 0).put(record, 'peerPort', 0);
    read(R2, sk, 'sock', '__sk_common.skc_family');
    program.put(record, 'family', R2);
    program.jumpIf(R2, '==', AF.INET, 'IPv4').jumpIf(R2, '!=', AF.INET6, 'no internet socket');
    copy(record, 'localAddress', sk, 'sock', '__sk_common.skc_v6_rcv_saddr');
    copy(record, 'peerAddress', sk, 'sock', '__sk_common.skc_v6_daddr');
    program.jump('ports').label('IPv4');
    address('localAddress', '__sk_common.skc_rcv_saddr');
    address('peerAddress', '__sk_common.skc_daddr');
    program.label('ports');
    copy(record, 'localPort', sk, 'sock', '__sk_common.skc_num');
    copy(record, 'peerPort', sk, 'sock', '__sk_common.skc_dport');
    program.label('no internet socket');
  }

  /** Of IPv4, into the first bytes of the field. */
  function address(field: 'localAddress' | 'peerAddress', path: string): void {
    read(R1, sk, 'sock', path);
    program.store(4, { base: record.base, offset: record.offset + HELD_SOCKET.place(field).offset }, R1);
  }
}
