/** The TCP information that `ss -i` prints, in the units of the model. */
import type { TcpInfo } from '../../src/model/socket/tcp-info.ts';

/** A number, and how far ours may be off it because `ss` rounds. */
export interface Comparable {
  value: number;
  tolerance: number;
}

type Field = keyof TcpInfo;

const exact = (value: number): Comparable => ({ value, tolerance: 0 });
/** Milliseconds with at most three digits behind the point, printed with six significant ones or so. */
const milliseconds = (text: string): Comparable => {
  const value = Number(text.replace('ms', '')) * 1000;
  return { value, tolerance: Math.max(1, value * 1e-4) };
};
/** Busy times are printed in whole milliseconds with a percentage: `4ms(12.1%)`. */
const wholeMilliseconds = (text: string): Comparable => ({ value: Number.parseInt(text, 10) * 1000, tolerance: 1000 });

/** Fields of TCP_INFO by their names in ss. */
const WORDS: Record<string, readonly [Field, (text: string) => Comparable][]> = {
  rtt: [
    ['rttUs', (text) => milliseconds(text.split('/')[0] ?? '')],
    ['rttVarUs', (text) => milliseconds(text.split('/')[1] ?? '')],
  ],
  wscale: [
    ['sendWindowScale', (text) => exact(Number(text.split(',')[0]))],
    ['receiveWindowScale', (text) => exact(Number(text.split(',')[1]))],
  ],
  retrans: [
    ['retransSegments', (text) => exact(Number(text.split('/')[0]))],
    ['totalRetrans', (text) => exact(Number(text.split('/')[1]))],
  ],
  rto: [['rtoUs', milliseconds]],
  ato: [['atoUs', milliseconds]],
  minrtt: [['minRttUs', milliseconds]],
  rcv_rtt: [['receiveRttUs', milliseconds]],
  busy: [['busyTimeUs', wholeMilliseconds]],
  rwnd_limited: [['receiveWindowLimitedUs', wholeMilliseconds]],
  sndbuf_limited: [['sendBufferLimitedUs', wholeMilliseconds]],
  ...plain({
    mss: 'sendMssBytes',
    rcvmss: 'receiveMssBytes',
    advmss: 'advertisedMssBytes',
    pmtu: 'pathMtuBytes',
    cwnd: 'congestionWindowSegments',
    ssthresh: 'sendSsthreshSegments',
    backoff: 'backoff',
    bytes_sent: 'bytesSent',
    bytes_retrans: 'bytesRetransmitted',
    bytes_acked: 'bytesAcked',
    bytes_received: 'bytesReceived',
    segs_out: 'segmentsOut',
    segs_in: 'segmentsIn',
    data_segs_out: 'dataSegmentsOut',
    data_segs_in: 'dataSegmentsIn',
    delivered: 'deliveredSegments',
    delivered_ce: 'deliveredCeSegments',
    unacked: 'unackedSegments',
    sacked: 'sackedSegments',
    lost: 'lostSegments',
    notsent: 'notSentBytes',
    rcv_space: 'receiveSpaceBytes',
    rcv_ssthresh: 'receiveSsthreshBytes',
    snd_wnd: 'sendWindowBytes',
    rcv_wnd: 'receiveWindowBytes',
    reordering: 'reorderingSegments',
    reord_seen: 'reorderingSeen',
    dsack_dups: 'dsackDuplicates',
    rcv_ooopack: 'outOfOrderPackets',
    rehash: 'rehashes',
  }),
};

/** What of a line of `ss` can be compared, by the model's names. Idle times are left out: they run. */
export function comparableInfo(info: ReadonlyMap<string, string>): Map<Field, Comparable> {
  const found = new Map<Field, Comparable>();
  for (const [word, text] of info) {
    for (const [field, convert] of WORDS[word] ?? []) found.set(field, convert(text));
  }
  return found;
}

function plain(names: Record<string, Field>): Record<string, readonly [Field, (text: string) => Comparable][]> {
  return Object.fromEntries(
    Object.entries(names).map(([word, field]) => [word, [[field, (text: string) => exact(Number(text))]]]),
  );
}
