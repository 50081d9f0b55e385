import { describe, expect, it } from 'vitest';
import type { SocketView } from '../../../src/model/socket/socket-view.ts';
import { DestroyEventReader } from '../../../src/netlink/destroy-event.ts';
import { concat, hex, viewOf } from '../../support/hex.ts';

/** A message of SKNLGRP_INET_TCP_DESTROY, include/uapi/linux/{netlink,inet_diag,tcp}.h. */
const TCP = hex(`
  fc000000          # nlmsg_len: 252
  1400              # nlmsg_type: SOCK_DIAG_BY_FAMILY
  0000              # nlmsg_flags: none, it answers no request
  00000000          # nlmsg_seq
  00000000          # nlmsg_pid: the kernel
  02                # idiag_family: AF_INET
  07                # idiag_state: TCP_CLOSE, always
  00 00             # idiag_timer, idiag_retrans
  9c40              # id.idiag_sport: 40000, network order
  0cea              # id.idiag_dport: 3306
  0a000102 00000000 00000000 00000000   # id.idiag_src: 10.0.1.2
  0a000103 00000000 00000000 00000000   # id.idiag_dst: 10.0.1.3
  00000000          # id.idiag_if
  44332211          # id.idiag_cookie[0]
  88776655          # id.idiag_cookie[1]
  00000000          # idiag_expires
  01000000          # idiag_rqueue: an unread end-of-file
  00000000          # idiag_wqueue
  00000000          # idiag_uid: always 0
  00000000          # idiag_inode: always 0
  0500 0a00 06 000000   # INET_DIAG_PROTOCOL: IPPROTO_TCP
  9c00 0200         # INET_DIAG_INFO: 152 bytes, tcp_info up to tcpi_min_rtt
  07 00 00 00 00 07 77 00   # tcpi_state … tcpi_options, window scales, flags
  400d0300          # tcpi_rto: 200000
  409c0000          # tcpi_ato: 40000
  a8050000          # tcpi_snd_mss: 1448
  18020000          # tcpi_rcv_mss: 536
  00000000 00000000 00000000 00000000 00000000   # tcpi_unacked … tcpi_fackets
  e8030000          # tcpi_last_data_sent: 1000
  00000000          # tcpi_last_ack_sent
  d0070000          # tcpi_last_data_recv: 2000
  e8030000          # tcpi_last_ack_recv
  dc050000          # tcpi_pmtu: 1500
  f0fa0000          # tcpi_rcv_ssthresh
  2a010000          # tcpi_rtt: 298
  95000000          # tcpi_rttvar
  ffffff7f          # tcpi_snd_ssthresh
  0a000000          # tcpi_snd_cwnd
  b4050000          # tcpi_advmss
  03000000          # tcpi_reordering
  00000000          # tcpi_rcv_rtt
  90390000          # tcpi_rcv_space
  05000000          # tcpi_total_retrans: 5
  ffffffffffffffff  # tcpi_pacing_rate: unlimited
  ffffffffffffffff  # tcpi_max_pacing_rate: unlimited
  6400000000000000  # tcpi_bytes_acked: 100
  c800000000000000  # tcpi_bytes_received: 200
  07000000          # tcpi_segs_out: 7
  06000000          # tcpi_segs_in: 6
  00000000          # tcpi_notsent_bytes
  19000000          # tcpi_min_rtt: 25
`);

/** A message of SKNLGRP_INET6_UDP_DESTROY: no TCP information. */
const UDP6 = hex(`
  60000000          # nlmsg_len: 96
  1400 0000         # nlmsg_type: SOCK_DIAG_BY_FAMILY, nlmsg_flags
  00000000 00000000 # nlmsg_seq, nlmsg_pid
  0a                # idiag_family: AF_INET6
  01                # idiag_state: a datagram socket with a peer
  00 00             # idiag_timer, idiag_retrans
  d431              # id.idiag_sport: 54321
  0035              # id.idiag_dport: 53
  20010db8 00000000 00000000 00000001   # id.idiag_src: 2001:db8::1
  20010db8 00000000 00000000 00000002   # id.idiag_dst: 2001:db8::2
  00000000          # id.idiag_if
  07000000 00000000 # id.idiag_cookie
  00000000          # idiag_expires
  00000000          # idiag_rqueue
  ffffffff          # idiag_wqueue: what a freed datagram socket has
  00000000 00000000 # idiag_uid, idiag_inode
  0500 0a00 11 000000   # INET_DIAG_PROTOCOL: IPPROTO_UDP
`);

function read(bytes: Uint8Array, pick: (socket: SocketView) => unknown) {
  const reader = new DestroyEventReader();
  const seen: unknown[] = [];
  reader.read(viewOf(bytes), 0, bytes.length, (socket) => seen.push(pick(socket)));
  return { seen, damaged: reader.damaged };
}

const identity = ({ proto, family, state, localPort, peerPort, cookieLow, cookieHigh }: SocketView) => ({
  proto,
  family,
  state,
  localPort,
  peerPort,
  cookieLow,
  cookieHigh,
});

describe('DestroyEventReader', () => {
  it('reads a TCP socket with its last counters', () => {
    const { seen, damaged } = read(TCP, (socket) => ({
      ...identity(socket),
      local: socket.localWord(0),
      peer: socket.peerWord(0),
      receiveQueue: socket.receiveQueue,
      rtt: socket.tcpInfoNumber('rttUs'),
      minRtt: socket.tcpInfoNumber('minRttUs'),
      received: socket.tcpInfoNumber('bytesReceived'),
      retransmits: socket.tcpInfoNumber('totalRetrans'),
      lastSent: socket.tcpInfoNumber('lastSentMs'),
      // Beyond the structure of this kernel.
      sent: socket.tcpInfoNumber('bytesSent'),
    }));
    expect(damaged).toBe(0);
    expect(seen).toEqual([
      {
        proto: 'tcp',
        family: 'inet',
        state: 7,
        localPort: 40_000,
        peerPort: 3306,
        cookieLow: 0x11223344,
        cookieHigh: 0x55667788,
        local: 0x0a000102,
        peer: 0x0a000103,
        receiveQueue: 1,
        rtt: 298,
        minRtt: 25,
        received: 200,
        retransmits: 5,
        lastSent: 1000,
        sent: undefined,
      },
    ]);
  });

  it('reads a UDP socket over IPv6', () => {
    const { seen } = read(UDP6, (socket) => ({
      ...identity(socket),
      info: socket.tcpInfo(),
      word: socket.peerWord(3),
    }));
    expect(seen).toEqual([
      {
        proto: 'udp',
        family: 'inet6',
        state: 1,
        localPort: 54_321,
        peerPort: 53,
        cookieLow: 7,
        cookieHigh: 0,
        info: undefined,
        word: 2,
      },
    ]);
  });

  it('reads several in one piece, each with its own counters', () => {
    const other = TCP.slice();
    // tcpi_rtt, at 68 of the information that begins at 100.
    other.set([1, 0, 0, 0], 168);
    const { seen } = read(concat(TCP, UDP6, other), (socket) => [socket.proto, socket.tcpInfoNumber('rttUs')]);
    expect(seen).toEqual([
      ['tcp', 298],
      ['udp', undefined],
      ['tcp', 1],
    ]);
  });

  it('skips messages of other types', () => {
    const other = UDP6.slice();
    // NLMSG_DONE
    other[4] = 3;
    expect(read(concat(other, UDP6), identity)).toMatchObject({ damaged: 0, seen: [{ proto: 'udp' }] });
  });

  it('counts malformed messages and skips them', () => {
    for (const length of [17, 60, 87, 95]) {
      expect(read(UDP6.slice(0, length), identity)).toEqual({ seen: [], damaged: 1 });
    }
    const unknown = UDP6.slice();
    // IPPROTO_ICMP
    unknown[92] = 1;
    expect(read(unknown, identity)).toEqual({ seen: [], damaged: 1 });
    const without = UDP6.slice(0, 88);
    without[0] = 88;
    expect(read(without, identity)).toEqual({ seen: [], damaged: 1 });
  });

  it('never reads past the end, whatever byte is wrong', () => {
    for (let at = 0; at < TCP.length; at++) {
      for (const value of [0, 0xff]) {
        const bytes = TCP.slice();
        bytes[at] = value;
        const { seen } = read(bytes, (socket) => socket.tcpInfo() !== null && socket.peerWord(3) >= 0);
        expect(seen.length).toBeLessThanOrEqual(1);
      }
    }
  });
});
