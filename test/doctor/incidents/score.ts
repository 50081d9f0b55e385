/** How right the doctor is on the corpus. */
import { HEALTHY, INCIDENTS } from './catalogue.ts';
import { recordingOf } from './incident.ts';
import { complaints, diagnoseRecording, judge, type Outcome, placeOf } from './judge.ts';

/** One line of the score. */
export interface Scored {
  name: string;
  outcome: Outcome | 'quiet' | 'false alarm';
  /** What was said instead, or what the fix lacks; empty where it is right. */
  why: string;
  /** Wrong complaints: beside a right cause, or about a healthy service. */
  alarms: readonly string[];
}

/** Judges every recording: the incidents, then the healthy services. */
export async function score(): Promise<Scored[]> {
  const lines: Scored[] = [];
  for (const incident of INCIDENTS) {
    const diagnosis = await diagnoseRecording(recordingOf(incident));
    lines.push({ name: incident.name, ...judge(diagnosis, incident.expected) });
  }
  for (const healthy of HEALTHY) {
    const said = complaints(await diagnoseRecording(recordingOf(healthy)));
    const alarms = said.map((each) => `${each.rule}: ${placeOf(each)}`);
    lines.push({ name: healthy.name, outcome: said.length === 0 ? 'quiet' : 'false alarm', why: '', alarms });
  }
  return lines;
}

/** The score as text: a line a case, and the sums. */
export function scoreText(lines: readonly Scored[], width = 200): string {
  const rows = lines.map(({ name, outcome, why, alarms }) => {
    const text = [why, ...alarms.map((alarm) => `false alarm: ${alarm}`)].filter((each) => each !== '').join('; ');
    return `${outcome.padEnd(12)} ${name.padEnd(38)} ${text.replaceAll(/\s+/g, ' ')}`.trimEnd().slice(0, width);
  });
  const number = (outcome: Scored['outcome']) => lines.filter((line) => line.outcome === outcome).length;
  const beside = lines.filter(({ outcome }) => outcome !== 'false alarm').flatMap(({ alarms }) => alarms).length;
  const share = Math.round((100 * number('first')) / Math.max(1, INCIDENTS.length));
  return [
    ...rows,
    '',
    `${INCIDENTS.length} incidents: ${number('first')} right first (${share} %), ${number('named')} named, ${number('missed')} missed, ${number('wrong')} wrong`,
    `${HEALTHY.length} healthy services: ${number('quiet')} quiet, ${number('false alarm')} with false alarms; ${beside} false alarms beside a right cause`,
    '',
  ].join('\n');
}
