import { describe, expect, it } from 'vitest';
import type { TcpInfo } from '../../../src/model/socket/tcp-info.ts';
import { decodeTcpInfo } from '../../../src/netlink/tcp-info.ts';
import { concat, hex, viewOf } from '../../support/hex.ts';

/** struct tcp_info of Linux 6.18, include/uapi/linux/tcp.h, with a value of its own in each field. */
const INFO = hex(`
  01                  # 0   tcpi_state: ESTABLISHED
  03                  # 1   tcpi_ca_state: recovery
  02                  # 2   tcpi_retransmits
  04                  # 3   tcpi_probes
  05                  # 4   tcpi_backoff
  07                  # 5   tcpi_options: timestamps, SACK, window scaling
  a7                  # 6   tcpi_snd_wscale: 7 (low nibble), tcpi_rcv_wscale: 10
  01                  # 7   tcpi_delivery_rate_app_limited: 1, tcpi_fastopen_client_fail: 0
  400d0300            # 8   tcpi_rto: 200000
  409c0000            # 12  tcpi_ato: 40000
  a8050000            # 16  tcpi_snd_mss: 1448
  18020000            # 20  tcpi_rcv_mss: 536
  06000000            # 24  tcpi_unacked
  07000000            # 28  tcpi_sacked
  08000000            # 32  tcpi_lost
  09000000            # 36  tcpi_retrans
  0a000000            # 40  tcpi_fackets
  0b000000            # 44  tcpi_last_data_sent
  0c000000            # 48  tcpi_last_ack_sent
  0d000000            # 52  tcpi_last_data_recv
  0e000000            # 56  tcpi_last_ack_recv
  dc050000            # 60  tcpi_pmtu: 1500
  c0fa0000            # 64  tcpi_rcv_ssthresh: 64192
  10270000            # 68  tcpi_rtt: 10000
  88130000            # 72  tcpi_rttvar: 5000
  ffffff7f            # 76  tcpi_snd_ssthresh: TCP_INFINITE_SSTHRESH
  0a000000            # 80  tcpi_snd_cwnd: 10
  b4050000            # 84  tcpi_advmss: 1460
  03000000            # 88  tcpi_reordering
  204e0000            # 92  tcpi_rcv_rtt: 20000
  f0fa0000            # 96  tcpi_rcv_space: 64240
  11000000            # 100 tcpi_total_retrans: 17
  00e40b5402000000    # 104 tcpi_pacing_rate: 10000000000
  00e8764817000000    # 112 tcpi_max_pacing_rate: 100000000000
  0100000001000000    # 120 tcpi_bytes_acked: 4294967297
  0200000001000000    # 128 tcpi_bytes_received: 4294967298
  12000000            # 136 tcpi_segs_out
  13000000            # 140 tcpi_segs_in
  14000000            # 144 tcpi_notsent_bytes
  15000000            # 148 tcpi_min_rtt
  16000000            # 152 tcpi_data_segs_in
  17000000            # 156 tcpi_data_segs_out
  1800000000000000    # 160 tcpi_delivery_rate
  1900000000000000    # 168 tcpi_busy_time
  1a00000000000000    # 176 tcpi_rwnd_limited
  1b00000000000000    # 184 tcpi_sndbuf_limited
  1c000000            # 192 tcpi_delivered
  1d000000            # 196 tcpi_delivered_ce
  1e00000000000000    # 200 tcpi_bytes_sent
  1f00000000000000    # 208 tcpi_bytes_retrans
  20000000            # 216 tcpi_dsack_dups
  21000000            # 220 tcpi_reord_seen
  22000000            # 224 tcpi_rcv_ooopack
  23000000            # 228 tcpi_snd_wnd
  24000000            # 232 tcpi_rcv_wnd
  25000000            # 236 tcpi_rehash
  2600                # 240 tcpi_total_rto
  2700                # 242 tcpi_total_rto_recoveries
  28000000            # 244 tcpi_total_rto_time
  00000000 00000000 00000000 00000000   # 248 tcpi_received_ce, AccECN byte counters
  00000000 00000000 00000000            # 264 the rest of them
  00000000                              # 276 ECN mode and options
`);

/** Fields by the offset where they end; a structure of at least that length has them. */
const FIELDS: [end: number, fields: TcpInfo][] = [
  [2, { caState: 3 }],
  [3, { retransmits: 2 }],
  [4, { probes: 4 }],
  [5, { backoff: 5 }],
  [6, { options: 7 }],
  [7, { sendWindowScale: 7, receiveWindowScale: 10 }],
  [8, { deliveryRateAppLimited: true }],
  [12, { rtoUs: 200_000 }],
  [16, { atoUs: 40_000 }],
  [20, { sendMssBytes: 1448 }],
  [24, { receiveMssBytes: 536 }],
  [28, { unackedSegments: 6 }],
  [32, { sackedSegments: 7 }],
  [36, { lostSegments: 8 }],
  [40, { retransSegments: 9 }],
  [48, { lastSentMs: 11 }],
  [56, { lastReceivedMs: 13 }],
  [60, { lastAckReceivedMs: 14 }],
  [64, { pathMtuBytes: 1500 }],
  [68, { receiveSsthreshBytes: 64_192 }],
  [72, { rttUs: 10_000 }],
  [76, { rttVarUs: 5_000 }],
  [80, { sendSsthreshSegments: 0x7fffffff }],
  [84, { congestionWindowSegments: 10 }],
  [88, { advertisedMssBytes: 1460 }],
  [92, { reorderingSegments: 3 }],
  [96, { receiveRttUs: 20_000 }],
  [100, { receiveSpaceBytes: 64_240 }],
  [104, { totalRetrans: 17 }],
  [112, { pacingRateBytesPerSecond: 10_000_000_000 }],
  [120, { maxPacingRateBytesPerSecond: 100_000_000_000 }],
  [128, { bytesAcked: 4_294_967_297 }],
  [136, { bytesReceived: 4_294_967_298 }],
  [140, { segmentsOut: 18 }],
  [144, { segmentsIn: 19 }],
  [148, { notSentBytes: 20 }],
  [152, { minRttUs: 21 }],
  [156, { dataSegmentsIn: 22 }],
  [160, { dataSegmentsOut: 23 }],
  [168, { deliveryRateBytesPerSecond: 24 }],
  [176, { busyTimeUs: 25 }],
  [184, { receiveWindowLimitedUs: 26 }],
  [192, { sendBufferLimitedUs: 27 }],
  [196, { deliveredSegments: 28 }],
  [200, { deliveredCeSegments: 29 }],
  [208, { bytesSent: 30 }],
  [216, { bytesRetransmitted: 31 }],
  [220, { dsackDuplicates: 32 }],
  [224, { reorderingSeen: 33 }],
  [228, { outOfOrderPackets: 34 }],
  [232, { sendWindowBytes: 35 }],
  [236, { receiveWindowBytes: 36 }],
  [240, { rehashes: 37 }],
  [242, { totalRto: 38 }],
  [244, { totalRtoRecoveries: 39 }],
  [248, { totalRtoTimeMs: 40 }],
];

const expected = (length: number): TcpInfo =>
  Object.assign({}, ...FIELDS.filter(([end]) => end <= length).map(([, fields]) => fields));

describe('decodeTcpInfo', () => {
  // 104: Linux 2.6; 192: 4.10; 232: 5.4; 248: 6.7; 280: 6.18
  it.each([104, 192, 232, 248, 280])('reads a structure of %i bytes', (length) => {
    expect(decodeTcpInfo(viewOf(INFO), 0, length)).toEqual(expected(length));
  });

  it('reads the complete fields of a structure of any length', () => {
    for (let length = 0; length <= INFO.length; length++) {
      const exact = viewOf(INFO.slice(0, length));
      expect(decodeTcpInfo(exact, 0, length), `${length} bytes`).toEqual(expected(length));
      expect(decodeTcpInfo(viewOf(INFO), 0, length), `${length} of more bytes`).toEqual(expected(length));
    }
  });

  it('ignores fields that a later kernel adds', () => {
    const longer = concat(INFO, new Uint8Array(40).fill(0xff));
    expect(decodeTcpInfo(viewOf(longer), 0, longer.length)).toEqual(expected(280));
  });

  it('reads at an offset', () => {
    const bytes = concat(new Uint8Array(5).fill(0xff), INFO);
    expect(decodeTcpInfo(viewOf(bytes), 5, 280)).toEqual(expected(280));
  });

  it('has no smallest round trip without a sample', () => {
    const bytes = INFO.slice();
    bytes.fill(0xff, 148, 152);
    const { minRttUs: _, ...rest } = expected(280);
    expect(decodeTcpInfo(viewOf(bytes), 0, 280)).toEqual(rest);
  });

  it('has no pacing rate where there is no limit', () => {
    const bytes = INFO.slice();
    bytes.fill(0xff, 104, 120);
    const { pacingRateBytesPerSecond: _, maxPacingRateBytesPerSecond: __, ...rest } = expected(280);
    expect(decodeTcpInfo(viewOf(bytes), 0, 280)).toEqual(rest);
  });

  it('does not read past the end of the bytes, whatever the length is', () => {
    expect(decodeTcpInfo(viewOf(INFO.slice(0, 104)), 0, 280)).toEqual(expected(104));
    expect(decodeTcpInfo(viewOf(INFO.slice(0, 104)), 104, 280)).toEqual({});
  });
});
