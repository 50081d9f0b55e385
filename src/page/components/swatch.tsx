import type { PaintName } from '../charts/paint.ts';

/** The sample of a paint beside its name. */
export function Swatch({ paint }: { paint: PaintName }) {
  return (
    <svg class="sw" viewBox="0 0 12 10" aria-hidden="true">
      <rect class={`f-${paint}`} width="12" height="10" rx="1.5" />
    </svg>
  );
}

/** The patterns that style sheets name, once in the document. */
export function PatternDefinitions() {
  return (
    <svg class="defs" aria-hidden="true">
      <defs>
        <Pattern id="syn-sent" size={[6, 6]} path={DIAGONAL} />
        <Pattern id="close-wait" size={[6, 6]} path="M-1-1 7 7M5-1 7 1M-1 5 1 7" />
        <Pattern id="syn-recv" size={[5, 5]} dot={true} />
        <Pattern id="fin-wait1" size={[6, 4]} path="M0 2H6" />
        <Pattern id="fin-wait2" size={[6, 6]} path="M0 3H6" />
        <Pattern id="closing" size={[6, 6]} path="M0 3H6M3 0V6" />
        <Pattern id="last-ack" size={[5, 6]} path="M2.5 0V6" />
        <Pattern id="over" size={[6, 6]} path={DIAGONAL} />
        <Pattern id="timed-out" size={[6, 6]} path="M0 3H6" />
        <Pattern id="no-answer" size={[5, 5]} dot={true} />
        <Pattern id="unsuccessful" size={[6, 6]} path="M0 3H6M3 0V6" />
        <Pattern id="aborted" size={[6, 6]} path={DIAGONAL} />
        <Pattern id="never-accepted" size={[5, 5]} dot={true} />
        <Pattern id="time-wait-2" size={[6, 6]} path={DIAGONAL} />
        <Pattern id="time-wait-3" size={[5, 5]} dot={true} />
        <Pattern id="gap" size={[6, 6]} path={DIAGONAL} />
      </defs>
    </svg>
  );
}

const DIAGONAL = 'M-1 7 7-1M-1 1 1-1M5 7 7 5';

function Pattern({ id, size, path, dot }: { id: string; size: [number, number]; path?: string; dot?: boolean }) {
  const [width, height] = size;
  return (
    <pattern id={`p-${id}`} width={width} height={height} patternUnits="userSpaceOnUse">
      <rect class={`ground-${id}`} width={width} height={height} />
      {path !== undefined && <path class={`lines-${id}`} d={path} />}
      {dot === true && <circle class="dot" cx="2.5" cy="2.5" r="1" />}
    </pattern>
  );
}
