import type { Evidence, Finding } from '../model/finding/finding.ts';

/** How many numbers a problem has. */
const NUMBERS = 3;

/**
 * The numbers of a problem: the first of its worst finding's evidence, which a rule gives in the order of their weight.
 * Other texts, and lines of counts, are taken only where there is no number.
 *
 * @param findings of one rule, the worst first; over several places a number becomes `58 to 63`
 */
export function numbersOf(findings: readonly Finding[]): Evidence[] {
  const [worst] = findings;
  if (worst === undefined) return [];
  const { evidence } = worst;
  const numbers = evidence.filter(({ value }) => /^\d/.test(String(value)) && !isLine(value));
  const others = numbers.length > 0 ? numbers : evidence.map((one) => (isLine(one.value) ? firstAndLast(one) : one));
  return others.slice(0, NUMBERS).map((one) => overAll(one, findings));
}

/** `58 60 63`: a count of each snapshot, of which there may be one alone. */
function isLine(value: Evidence['value']): value is string {
  return typeof value === 'string' && /^[\d.]+( [\d.]+)*$/.test(value);
}

function firstAndLast(evidence: Evidence): Evidence {
  const counts = String(evidence.value).split(' ');
  if (counts.length === 1) return evidence;
  return { ...evidence, value: `${counts[0]} to ${counts.at(-1)}` };
}

/** The range of a number over the findings that have it. */
function overAll(evidence: Evidence, findings: readonly Finding[]): Evidence {
  if (typeof evidence.value !== 'number') return evidence;
  const values = findings.flatMap((finding) =>
    finding.evidence.flatMap(({ what, value }) => (what === evidence.what && typeof value === 'number' ? [value] : [])),
  );
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? evidence : { ...evidence, value: `${least} to ${most}` };
}
