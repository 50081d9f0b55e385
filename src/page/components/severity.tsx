import type { Severity } from '../../model/finding/finding.ts';

const SHAPES: Readonly<Record<Severity | 'resolved', string>> = {
  critical: 'M5 0 10 5 5 10 0 5Z',
  warning: 'M5 .8 9.8 9.2H.2Z',
  info: 'M5 1a4 4 0 1 0 .01 0Z',
  resolved: 'M5 1a4 4 0 1 0 .01 0Z',
};

/** Severities as words. */
export const SEVERITY_WORDS = { critical: 'Critical', warning: 'Warning', info: 'Info' };

/** A severity as shape and colour; with its word for who sees neither. */
export function SeverityMark({ severity }: { severity: Severity | 'resolved' }) {
  const isRing = severity === 'info' || severity === 'resolved';
  return (
    <span class={`sev c-${severity}`} role="img" aria-label={severity}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={SHAPES[severity]} class={isRing ? 'ring' : 'full'} />
      </svg>
    </span>
  );
}
