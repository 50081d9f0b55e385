import { type EventRun, RUN_GAP_MS } from '../../model/sample/closed-group.ts';
import { type HeldAt, heldByClients, heldByServer } from './held.ts';
import { type EndsAt, endsAt, type ServerEnd } from './refusals.ts';

/** How many connections there were when the server refused more. */
export interface RefusalPoint {
  /** Connections. */
  held: number;
  /**
   * What the number is of the server's limit: the limit itself, give or take one; about it, within a tenth; or no more
   * than a lower bound, because others may have connections too, or there may have been more between two looks.
   */
  certainty: 'limit' | 'about' | 'least';
}

/** Refusals that are no accident. */
const FEWEST_REFUSALS = 10;

/** Looks at a server that refuses which must agree. */
const FEWEST_LOOKS = 3;

/** Connections by which looks at a limit may differ: one that just comes or goes. */
const EXACT = 1;

/** Share of the number within which it is about the limit. */
const ABOUT = 0.1;

/** So long the sockets of a namespace are read for, and a refused connection is on its way out. Milliseconds. */
const BLUR_MS = 20;

/** Where a server refuses, as it was observed; undefined where it was not seen to. */
export function refusalPoint(server: ServerEnd): RefusalPoint | undefined {
  const ends = endsAt(server);
  if (ends.reduce((sum, { refused }) => sum + refused, 0) < FEWEST_REFUSALS) return undefined;
  const atServer = heldByServer(server);
  const views = viewsOf(atServer ?? heldByClients(server), ends);
  const held = Math.max(0, ...views.map(({ low }) => low));
  if (held === 0) return undefined;
  const least: RefusalPoint = { held, certainty: 'least' };
  // Where the server is not watched, others may have connections too.
  return atServer === undefined ? least : (exact(views) ?? about(views) ?? least);
}

/** What one look says of the limit. */
interface View {
  held: number;
  /** The limit is not below. */
  low: number;
  /** It is not above; infinite where nothing was refused before and after the look. */
  high: number;
  /** Where it refused before and after the look: how far {@link held} may be from the limit. Infinite elsewhere. */
  spread: number;
}

/**
 * When it refuses, a server holds as many as its limit. A look a moment before or after differs from that by the
 * connections that were opened and ended in between.
 */
function viewsOf(looks: readonly HeldAt[], ends: readonly EndsAt[]): View[] {
  const runs = runsOf(ends);
  const spans = looks.map((look, index) => spanOf(looks[index - 1], look, ends));
  return looks.map((look, index): View => {
    const before = spans[index] ?? NOTHING;
    const after = spans[index + 1] ?? NOTHING;
    const ended = before.ended + after.ended;
    const opened = after.ended + Math.max(0, (looks[index + 1]?.held ?? 0) - look.held);
    // One that was let in is there at the next look too, or is among the ends.
    const unsure = after === NOTHING ? look.unsure : Math.min(look.unsure, ended);
    const blurred = Math.max(changesIn(before, before.ended, BLUR_MS), changesIn(after, opened, BLUR_MS));
    // An end that is read with a look is told with the time before it.
    const late = changesIn(before, before.ended, BLUR_MS);
    const slack = Math.min(
      before.refused > 0 ? before.ended : Number.POSITIVE_INFINITY,
      after.refused > 0 ? opened + late : Number.POSITIVE_INFINITY,
    );
    const gapMs = gapOf(runs, look, before === NOTHING, after === NOTHING);
    const changed = changesIn(before, before.ended, gapMs + BLUR_MS) + changesIn(after, opened, gapMs + BLUR_MS);
    return {
      held: look.held,
      low: look.held - Math.min(blurred, byChance(2 * blurred)),
      high: look.held + unsure + slack,
      spread: Number.isFinite(gapMs) ? unsure + byChance(changed) : Number.POSITIVE_INFINITY,
    };
  });
}

/** Ends between two looks. */
interface Span {
  ms: number;
  refused: number;
  /** Connections that were let in and ended. */
  ended: number;
}

const NOTHING: Span = { ms: 1, refused: 0, ended: 0 };

function spanOf(from: HeldAt | undefined, to: HeldAt, ends: readonly EndsAt[]): Span {
  if (from === undefined) return NOTHING;
  const between = ends.filter(({ atMs }) => atMs > from.atMs && atMs <= to.atMs);
  return {
    ms: to.atMs - from.atMs,
    refused: between.reduce((sum, { refused }) => sum + refused, 0),
    ended: between.reduce((sum, { other }) => sum + other, 0),
  };
}

/**
 * Time from a look in the midst of a run of refusals to those before and after it; infinite for any other look.
 *
 * @param isFirst whether nothing is known of the time before the look @param isLast of the time after it
 */
function gapOf(runs: readonly EventRun[], { readAtMs }: HeldAt, isFirst: boolean, isLast: boolean): number {
  const run = runs.find(
    ({ fromMs, toMs }) =>
      fromMs <= readAtMs + (isFirst ? RUN_GAP_MS : 0) && toMs >= readAtMs - (isLast ? RUN_GAP_MS : 0),
  );
  return run === undefined ? Number.POSITIVE_INFINITY : Math.min(RUN_GAP_MS, (2 * (run.toMs - run.fromMs)) / run.count);
}

/** The runs of all clients and samples together, in the order of time. */
function runsOf(ends: readonly EndsAt[]): EventRun[] {
  const merged: EventRun[] = [];
  for (const run of ends.flatMap(({ runs }) => runs).sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || run.fromMs - last.toMs > RUN_GAP_MS) {
      merged.push({ ...run });
      continue;
    }
    last.toMs = Math.max(last.toMs, run.toMs);
    last.count += run.count;
  }
  return merged;
}

/** The part of a span's changes that a part of its time has, rounded up. */
function changesIn({ ms }: Span, changes: number, partMs: number): number {
  return Math.min(changes, Math.ceil((changes * partMs) / ms));
}

/** How far a number is from what it was, after changes of one in both directions: two standard deviations. */
function byChance(changes: number): number {
  return Math.ceil(2 * Math.sqrt(changes));
}

/** The limit, where nothing was let in and ended while the server refused. */
function exact(views: readonly View[]): RefusalPoint | undefined {
  const sure = views.filter(({ low, high }) => high - low <= EXACT);
  return agreed(views, sure, 'limit', () => EXACT);
}

/** About the limit, where it was looked at while it refused. Looks that agree are surer than each of them. */
function about(views: readonly View[]): RefusalPoint | undefined {
  const within = (held: number) => Math.max(EXACT, ABOUT * held);
  const amidst = views.filter(({ held, spread }) => spread <= 2 * within(held));
  return agreed(views, amidst, 'about', within);
}

/** The number of some looks, unless others contradict it. */
function agreed(
  views: readonly View[],
  some: readonly View[],
  certainty: RefusalPoint['certainty'],
  within: (held: number) => number,
): RefusalPoint | undefined {
  // One look alone may have seen connections on their way out.
  const held = some.map((view) => view.held).sort((a, b) => b - a)[FEWEST_LOOKS - 1];
  if (held === undefined || held === 0) return undefined;
  const isContradicted = views.some(({ low, high }) => low > held + within(held) || high < held - within(held));
  return isContradicted ? undefined : { held, certainty };
}
