import { Blank } from '../../components/blank.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { route, show } from '../../state/route.ts';
import { shown } from '../../text/shown.ts';

/** Before the first answer of the store. */
export function Loading() {
  return (
    <section class="panel loading" aria-busy="true" aria-label="Loading">
      <p class="faint">Asking the store</p>
    </section>
  );
}

/** The store did not answer; what it answered before stays. */
export function StoreFault({ text }: { text: string }) {
  return (
    <div class="notice warning fault" role="alert">
      <SeverityMark severity="warning" />
      <span>{shown(text)}</span>
    </div>
  );
}

/** What an answer lacks. */
export function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <div class="notice info" role="status">
      <SeverityMark severity="info" />
      <span>{warnings.map(shown).join(' ')}</span>
    </div>
  );
}

/** The filter leaves nothing. */
export function NothingMatches({ what }: { what: string }) {
  return (
    <Blank title="Nothing matches" text={`No ${what} matches ${route.value.filter}.`}>
      <button type="button" class="btn" onClick={() => show({ filter: '' }, false)}>
        Clear the filter
      </button>
    </Blank>
  );
}
