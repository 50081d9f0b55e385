import { countText } from '../text/numbers.ts';

/** Where the doctor's rules about descriptors begin. */
const WARNING_FROM = 0.8;
const CRITICAL_FROM = 0.95;

/** A number below its limit, which is the meter's right edge. Grey until it matters. */
export function Meter({ used, limit, name }: { used: number; limit: number; name: string }) {
  const share = limit === 0 ? 1 : Math.min(used / limit, 1);
  const level = share >= CRITICAL_FROM ? 'critical' : share >= WARNING_FROM ? 'warning' : '';
  return (
    // biome-ignore lint/a11y/useSemanticElements: the look of <meter> cannot be changed in every browser
    <span
      class={`meter ${level}`}
      role="meter"
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(used, limit)}
      aria-valuetext={`${countText(used)} of ${countText(limit)}`}
    >
      <i style={{ width: `${(share * 100).toFixed(1)}%` }} />
    </span>
  );
}
