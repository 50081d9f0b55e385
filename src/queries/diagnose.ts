import { plural } from '../base/plural.ts';
import { Examination, type ExamineOptions } from '../doctor/examine.ts';
import { wantedProcesses } from '../doctor/stacks/wanted-processes.ts';
import type { Diagnosis } from '../model/finding/diagnosis.ts';
import type { Series } from '../model/sample/series.ts';
import type { SampleSource } from '../sources/sample-source.ts';

/**
 * Judges a series: first without knowing any program, then with the programs of the processes that this was about, so
 * that no other is looked at.
 *
 * @param source that the series comes from; still open
 */
export function diagnose(source: Pick<SampleSource, 'stacks'>, series: Series, options: ExamineOptions): Diagnosis {
  return examined(source, series, options).diagnosis();
}

/** As {@link diagnose}, for who asks more of what was judged than the diagnosis. */
export function examined(source: Pick<SampleSource, 'stacks'>, series: Series, options: ExamineOptions): Examination {
  const examination = new Examination(series, options);
  const wanted = wantedProcesses(series, examination.findingsOfAsking);
  if (wanted.length > 0) {
    const { stacks, leftOut } = source.stacks(wanted);
    const note = `${plural(leftOut, 'program')} not looked at: the time for that was used up`;
    examination.learn(stacks, leftOut === 0 ? [] : [note]);
  }
  return examination;
}
