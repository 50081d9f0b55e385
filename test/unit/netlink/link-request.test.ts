import { describe, expect, it } from 'vitest';
import { linkUpRequest, pointToPointRequest, vethRequest } from '../../../src/netlink/link-request.ts';
import { hex } from '../../support/hex.ts';

describe('requests about links', () => {
  it('asks for a veth pair whose other end is in another namespace', () => {
    expect(vethRequest('db', 'eth0', 9)).toEqual(
      hex(`
        64000000          # nlmsg_len: 16 + 16 + 8 + 60
        1000              # nlmsg_type: RTM_NEWLINK (16)
        0506              # nlmsg_flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
        00000000          # nlmsg_seq: set by who sends it
        00000000          # nlmsg_pid: the kernel fills it in
        00 00 0000        # ifi_family: AF_UNSPEC; padding; ifi_type
        00000000          # ifi_index: the kernel chooses
        00000000 00000000 # ifi_flags, ifi_change
        0700 0300 646200 00              # IFLA_IFNAME (3): "db"
        3c00 1200                        # IFLA_LINKINFO (18): 4 + 12 + 44
        0900 0100 7665746800 000000      #   IFLA_INFO_KIND (1): "veth"
        2c00 0200                        #   IFLA_INFO_DATA (2): 4 + 40
        2800 0100                        #     VETH_INFO_PEER (1): 4 + 16 + 12 + 8
        00 00 0000 00000000 00000000 00000000   # ifinfomsg of the other end
        0900 0300 6574683000 000000      #       IFLA_IFNAME (3): "eth0"
        0800 1c00 09000000               #       IFLA_NET_NS_FD (28): 9
      `),
    );
  });

  it('asks for an interface to be up', () => {
    expect(linkUpRequest(5)).toEqual(
      hex(`
        20000000 1000 0500 00000000 00000000   # RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK
        00 00 0000        # ifi_family, padding, ifi_type
        05000000          # ifi_index
        01000000          # ifi_flags: IFF_UP
        01000000          # ifi_change: IFF_UP alone
      `),
    );
  });

  it('gives an interface an address with one other at its end', () => {
    expect(pointToPointRequest(2, hex('0a850011'), hex('0a850002'))).toEqual(
      hex(`
        28000000 1400 0506 00000000 00000000   # RTM_NEWADDR (20)
        02                # ifa_family: AF_INET
        20                # ifa_prefixlen: 32
        00 00             # ifa_flags; ifa_scope: everywhere
        02000000          # ifa_index
        0800 0200 0a850011   # IFA_LOCAL (2): 10.133.0.17
        0800 0100 0a850002   # IFA_ADDRESS (1): the other end, 10.133.0.2
      `),
    );
  });
});
