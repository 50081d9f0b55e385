import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import type { TcpInfo, TcpInfoNumber } from '../model/socket/tcp-info.ts';

type Width = 'u8' | 'u16' | 'u32' | 'u64';

const WIDTH_BYTES: Record<Width, number> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** `struct tcp_info`, include/uapi/linux/tcp.h: name, width, offset. Bit fields are read separately. */
const FIELDS: readonly (readonly [TcpInfoNumber, Width, number])[] = [
  ['caState', 'u8', 1],
  ['retransmits', 'u8', 2],
  ['probes', 'u8', 3],
  ['backoff', 'u8', 4],
  ['options', 'u8', 5],
  ['rtoUs', 'u32', 8],
  ['atoUs', 'u32', 12],
  ['sendMssBytes', 'u32', 16],
  ['receiveMssBytes', 'u32', 20],
  ['unackedSegments', 'u32', 24],
  ['sackedSegments', 'u32', 28],
  ['lostSegments', 'u32', 32],
  ['retransSegments', 'u32', 36],
  ['lastSentMs', 'u32', 44],
  ['lastReceivedMs', 'u32', 52],
  ['lastAckReceivedMs', 'u32', 56],
  ['pathMtuBytes', 'u32', 60],
  ['receiveSsthreshBytes', 'u32', 64],
  ['rttUs', 'u32', 68],
  ['rttVarUs', 'u32', 72],
  ['sendSsthreshSegments', 'u32', 76],
  ['congestionWindowSegments', 'u32', 80],
  ['advertisedMssBytes', 'u32', 84],
  ['reorderingSegments', 'u32', 88],
  ['receiveRttUs', 'u32', 92],
  ['receiveSpaceBytes', 'u32', 96],
  ['totalRetrans', 'u32', 100],
  ['pacingRateBytesPerSecond', 'u64', 104],
  ['maxPacingRateBytesPerSecond', 'u64', 112],
  ['bytesAcked', 'u64', 120],
  ['bytesReceived', 'u64', 128],
  ['segmentsOut', 'u32', 136],
  ['segmentsIn', 'u32', 140],
  ['notSentBytes', 'u32', 144],
  ['minRttUs', 'u32', 148],
  ['dataSegmentsIn', 'u32', 152],
  ['dataSegmentsOut', 'u32', 156],
  ['deliveryRateBytesPerSecond', 'u64', 160],
  ['busyTimeUs', 'u64', 168],
  ['receiveWindowLimitedUs', 'u64', 176],
  ['sendBufferLimitedUs', 'u64', 184],
  ['deliveredSegments', 'u32', 192],
  ['deliveredCeSegments', 'u32', 196],
  ['bytesSent', 'u64', 200],
  ['bytesRetransmitted', 'u64', 208],
  ['dsackDuplicates', 'u32', 216],
  ['reorderingSeen', 'u32', 220],
  ['outOfOrderPackets', 'u32', 224],
  ['sendWindowBytes', 'u32', 228],
  ['receiveWindowBytes', 'u32', 232],
  ['rehashes', 'u32', 236],
  ['totalRto', 'u16', 240],
  ['totalRtoRecoveries', 'u16', 242],
  ['totalRtoTimeMs', 'u32', 244],
];

const FIELD_BY_NAME = new Map(FIELDS.map(([name, width, at]) => [name, [width, at] as const]));

/** Offset of the two nibbles of window scaling, and of the bit fields after them. */
const WINDOW_SCALE = 6;
const FLAGS = 7;

/** The kernel's "no sample yet" in `tcpi_min_rtt`. */
const NO_SAMPLE = 0xffffffff;

/** The kernel's "no limit" in the pacing rates is all ones; as a number it is the nearest double. */
const UNLIMITED = 2 ** 64;

/**
 * Decodes `length` bytes of `struct tcp_info` from `offset`. The structure has grown with the
 * kernel: fields beyond `length` are absent.
 */
export function decodeTcpInfo(view: DataView, offset: number, length: number): TcpInfo {
  const info: TcpInfo = {};
  const available = Math.min(length, view.byteLength - offset);
  for (const [name, width, at] of FIELDS) {
    if (at + WIDTH_BYTES[width] > available) break;
    const value = readNumber(view, offset + at, width);
    if (!isNoValue(name, value)) info[name] = value;
  }
  if (available > WINDOW_SCALE) {
    const scale = view.getUint8(offset + WINDOW_SCALE);
    info.sendWindowScale = scale & 0xf;
    info.receiveWindowScale = scale >> 4;
  }
  if (available > FLAGS) info.deliveryRateAppLimited = (view.getUint8(offset + FLAGS) & 1) === 1;
  return info;
}

/** One number of a structure as {@link decodeTcpInfo} has it, without the others. */
export function readTcpInfoNumber(
  view: DataView,
  offset: number,
  length: number,
  field: TcpInfoNumber,
): number | undefined {
  const layout = FIELD_BY_NAME.get(field);
  if (layout === undefined) return decodeTcpInfo(view, offset, length)[field];
  const [width, at] = layout;
  if (at + WIDTH_BYTES[width] > Math.min(length, view.byteLength - offset)) return undefined;
  const value = readNumber(view, offset + at, width);
  return isNoValue(field, value) ? undefined : value;
}

/** The kernel's values for no sample and for no limit. */
function isNoValue(field: TcpInfoNumber, value: number): boolean {
  if (field === 'minRttUs') return value === NO_SAMPLE;
  return (field === 'pacingRateBytesPerSecond' || field === 'maxPacingRateBytesPerSecond') && value >= UNLIMITED;
}

/** 64-bit counters become numbers: exact up to 2^53, which is eight petabytes of traffic. */
function readNumber(view: DataView, at: number, width: Width): number {
  switch (width) {
    case 'u8':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, HOST_LITTLE_ENDIAN);
    case 'u32':
      return view.getUint32(at, HOST_LITTLE_ENDIAN);
    case 'u64':
      // Rounded once, as Number(BigInt) is, and without the BigInt.
      return HOST_LITTLE_ENDIAN
        ? view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
        : view.getUint32(at, false) * 2 ** 32 + view.getUint32(at + 4, false);
  }
}
