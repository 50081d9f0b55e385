import { shortTitle, withAbout } from '../../../model/finding/problem-titles.ts';
import { placeText, someOf, titleText } from '../../../render/problem-words.ts';
import type { ServedProblem } from '../../../serve/protocol.ts';
import { matchesNames } from '../../text/words.ts';

/** A line of the timeline: one problem in one place, as often as it held. */
export interface Track {
  /** Identifies the line while it is shown. */
  key: string;
  title: string;
  /** With the peer or port that it is about: `web-1: db:mysql`. */
  places: string;
  /** The times that it held, the latest first; at least one. */
  problems: readonly ServedProblem[];
}

/**
 * Problems as lines, in their order.
 *
 * @param problems the one that is most important first
 */
export function tracksOf(problems: readonly ServedProblem[]): Track[] {
  const keyOf = ({ rule, about = '', places }: ServedProblem) =>
    JSON.stringify([rule, about, ...places.map(({ name }) => name)]);
  return [...Map.groupBy(problems, keyOf)].map(([key, members]) => {
    const held = [...members].sort((a, b) => b.openedAtMs - a.openedAtMs);
    const [latest = members[0] as ServedProblem] = held;
    const places = someOf(latest.places.map(placeText));
    return { key, title: shortTitle(latest), places: withAbout(places, latest.about), problems: held };
  });
}

/** Whether every word of a text is in the title, the rule or a name of a problem, or matches one of them as a glob. */
export function matchesWords(problem: ServedProblem, text: string): boolean {
  const { rule, containers, places } = problem;
  const names = [
    rule,
    ...containers,
    ...places.map(({ name }) => name),
    ...titleText(problem).split(' '),
    ...shortTitle(problem).split(' '),
  ];
  return matchesNames([titleText(problem), shortTitle(problem), ...names], text);
}
