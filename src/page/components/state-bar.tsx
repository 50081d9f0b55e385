import type { SocketNumbers } from '../../serve/protocol.ts';
import { STACKED_STATES } from '../charts/paint.ts';
import { countText } from '../text/numbers.ts';

const WIDTH = 132;
const HEIGHT = 8;
/** The smallest part that is still seen. */
const SMALLEST = 2;
const DISTANCE = 1;

/** Shares of the open sockets by state. TIME_WAIT is never in it: it costs no descriptor. */
export function StateBar({ sockets }: { sockets: SocketNumbers }) {
  const parts: { label: string; paint: string; count: number }[] = [];
  for (const { state, paint } of STACKED_STATES) {
    const count = sockets.byState[state] ?? 0;
    if (count > 0) parts.push({ label: state, paint, count });
  }
  const rest = sockets.udp + sockets.raw;
  if (rest > 0) parts.push({ label: sockets.raw > 0 ? 'UDP and RAW' : 'UDP', paint: 'close', count: rest });
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const room = WIDTH - DISTANCE * Math.max(parts.length - 1, 0);
  const small = parts.filter(({ count }) => (count / total) * room < SMALLEST);
  const left = room - small.length * SMALLEST;
  const large = total - small.reduce((sum, { count }) => sum + count, 0);
  let at = 0;
  return (
    <svg
      class="mix"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={parts.map(({ label, count }) => `${label} ${countText(count)}`).join(', ') || 'no open sockets'}
    >
      {parts.map((part) => {
        const width = small.includes(part) ? SMALLEST : (part.count / large) * left;
        const x = at;
        at += width + DISTANCE;
        return (
          <rect key={part.label} class={`f-${part.paint}`} x={x.toFixed(1)} width={width.toFixed(1)} height={HEIGHT} />
        );
      })}
    </svg>
  );
}
