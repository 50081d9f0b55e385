import type { ComponentChildren } from 'preact';

/** What scrolls sideways where there is little room; it must be reachable by keyboard. */
export function Scroll({
  label,
  also = '',
  children,
  ...events
}: {
  label: string;
  /** A further class. */
  also?: string;
  children: ComponentChildren;
  onFocusIn?: () => void;
  onFocusOut?: () => void;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class={`scroll ${also}`} tabIndex={0} aria-label={`${label}, table`} {...events}>
      {children}
    </section>
  );
}
