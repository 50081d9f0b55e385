import { describe, expect, it } from 'vitest';
import { ALL_STATES, stateMask, TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import {
  AF,
  extensions,
  INET_DIAG,
  IPPROTO,
  inetDumpRequest,
  tcpBothFamiliesRequest,
} from '../../../src/netlink/inet-diag-request.ts';
import { hex } from '../../support/hex.ts';

describe('inetDumpRequest', () => {
  it('asks for TCP over IPv4 with INFO, every state', () => {
    const request = inetDumpRequest({
      family: AF.INET,
      protocol: IPPROTO.TCP,
      states: ALL_STATES,
      ext: extensions(INET_DIAG.INFO),
      sequence: 0x01020304,
    });
    expect(request).toEqual(
      hex(`
        48000000          # nlmsg_len: 16 + 56
        1400              # nlmsg_type: SOCK_DIAG_BY_FAMILY (20)
        0103              # nlmsg_flags: NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
        04030201          # nlmsg_seq
        00000000          # nlmsg_pid: the kernel fills it in
        02                # sdiag_family: AF_INET
        06                # sdiag_protocol: IPPROTO_TCP
        02                # idiag_ext: bit of INET_DIAG_INFO (2)
        00                # pad
        fe3f0000          # idiag_states: bits 1 to 13
        0000 0000         # id.idiag_sport, idiag_dport: any
        00000000 00000000 00000000 00000000   # id.idiag_src
        00000000 00000000 00000000 00000000   # id.idiag_dst
        00000000          # id.idiag_if
        ffffffff ffffffff # id.idiag_cookie: INET_DIAG_NOCOOKIE
      `),
    );
  });

  it('asks for UDP over IPv6 with memory, unconnected ones only', () => {
    const request = inetDumpRequest({
      family: AF.INET6,
      protocol: IPPROTO.UDP,
      states: stateMask(TCP_STATE.CLOSE),
      ext: extensions(INET_DIAG.SKMEMINFO),
      sequence: 1,
    });
    expect(request).toEqual(
      hex(`
        48000000 1400 0103 01000000 00000000   # header
        0a                # sdiag_family: AF_INET6
        11                # sdiag_protocol: IPPROTO_UDP
        40                # idiag_ext: bit of INET_DIAG_SKMEMINFO (7)
        00                # pad
        80000000          # idiag_states: bit of CLOSE (7)
        0000 0000         # id: ports
        00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
        ffffffff ffffffff # id.idiag_cookie
      `),
    );
  });

  it('names MPTCP in an attribute, because 262 does not fit into eight bits', () => {
    const request = inetDumpRequest({
      family: AF.INET,
      protocol: IPPROTO.MPTCP,
      states: stateMask(TCP_STATE.LISTEN),
      ext: 0,
      sequence: 2,
    });
    expect(request).toEqual(
      hex(`
        50000000          # nlmsg_len: 16 + 56 + 8
        1400 0103 02000000 00000000
        02 06 00 00       # AF_INET, IPPROTO_TCP, no extensions
        00040000          # idiag_states: bit of LISTEN (10)
        0000 0000
        00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
        ffffffff ffffffff
        0800              # nla_len
        0300              # nla_type: INET_DIAG_REQ_PROTOCOL
        06010000          # 262
      `),
    );
  });
});

describe('tcpBothFamiliesRequest', () => {
  it('is the old request, which walks the table once', () => {
    const request = tcpBothFamiliesRequest({
      states: ALL_STATES,
      ext: extensions(INET_DIAG.INFO, INET_DIAG.SKMEMINFO),
      sequence: 7,
    });
    expect(request).toEqual(
      hex(`
        4c000000          # nlmsg_len: 16 + 60
        1200              # nlmsg_type: TCPDIAG_GETSOCK (18)
        0103              # nlmsg_flags: a dump
        07000000          # nlmsg_seq
        00000000          # nlmsg_pid
        00                # idiag_family: AF_UNSPEC
        00                # idiag_src_len
        00                # idiag_dst_len
        42                # idiag_ext: INFO, SKMEMINFO
        0000 0000         # id: ports
        00000000 00000000 00000000 00000000   # id.idiag_src
        00000000 00000000 00000000 00000000   # id.idiag_dst
        00000000          # id.idiag_if
        00000000 00000000 # id.idiag_cookie: not looked at in a dump
        fe3f0000          # idiag_states
        00000000          # idiag_dbs
      `),
    );
  });
});
