import { useMemo } from 'preact/hooks';
import { sparkPaths } from '../rows/sparks.ts';
import { countText } from '../text/numbers.ts';

const WIDTH = 188;
const HEIGHT = 30;
const HEADROOM = 1.1;
/** From this part of the limit on it is within the picture. */
const LIMIT_FROM = 0.1;

/**
 * The open sockets of a row over the time shown.
 *
 * @param props.values undefined where there is none
 * @param props.limit of the descriptors of its fullest process; undefined where none is known
 */
export function Spark({
  values,
  limit,
  isReached,
}: {
  values: readonly (number | undefined)[];
  limit: number | undefined;
  isReached: boolean;
}) {
  const known = values.filter((value) => value !== undefined);
  const highest = Math.max(1, ...known);
  const isLimitShown = limit !== undefined && highest >= limit * LIMIT_FROM;
  const top = Math.max(highest, isLimitShown ? limit : 0) * HEADROOM;
  const key = values.join();
  const { line, area } = useMemo(() => sparkPaths(values, { width: WIDTH, height: HEIGHT, top }), [key, top]);
  const y = isLimitShown ? HEIGHT - 1 - (limit / top) * (HEIGHT - 3) : 0;
  const label = known.length === 0 ? 'open sockets, no data' : `open sockets, highest ${countText(Math.max(...known))}`;
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="f-ink-soft" d={area} />
      <path class="ln spark-line" d={line} />
      <path class="base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      {isLimitShown && <path class={`ceiling ${isReached ? 'critical' : ''}`} d={`M0 ${y.toFixed(1)}H${WIDTH}`} />}
    </svg>
  );
}
