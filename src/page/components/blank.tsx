import type { ComponentChildren } from 'preact';
import { shown } from '../text/shown.ts';

/** A panel without data: what happened, then what to do. */
export function Blank({ title, text, children }: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <section class="panel" aria-label={title}>
      <div class="blank">
        <h2>{title}</h2>
        <p>{shown(text)}</p>
        {children}
      </div>
    </section>
  );
}

/** What is wrong with the filter, with a caret below the wrong part. */
export function FilterFault({ message, details }: { message: string; details: readonly string[] }) {
  return (
    <section class="panel" aria-label="Filter">
      <div class="blank fault" role="alert">
        <h2>{shown(message)}</h2>
        {details.length > 0 && <pre>{details.map(shown).join('\n')}</pre>}
      </div>
    </section>
  );
}
