import { plural } from '../base/plural.ts';
import { safeText } from '../base/safe-text.ts';
import { sizeText } from '../base/size.ts';
import type { PacketEventRow } from '../model/socket/packet-event.ts';

/** What a line of a packet event says last: what was sent again, in which state, or the kernel's reason. */
export function packetText({ event, state, reason, bytes, segments = 1 }: PacketEventRow): string {
  const size = sizeText(bytes ?? 0);
  switch (event) {
    case 'retransmitted': {
      if (bytes === 0) return state === 'SYN_SENT' ? 'the connection request' : `no data, in ${state ?? 'CLOSE'}`;
      const parts = segments > 1 ? ` in ${plural(segments, 'segment')}` : '';
      return `${size}${parts}, in ${state ?? 'CLOSE'}`;
    }
    case 'reset-received':
      return `in ${state ?? 'CLOSE'}`;
    case 'reset-sent':
      return reason === undefined ? '-' : safeText(reason);
    case 'dropped':
      return `${size}, ${reason === undefined ? '-' : safeText(reason)}`;
  }
}
