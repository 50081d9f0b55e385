/**
 * What a program is, is asked for by some rules only, and only those judge again once it is known. That is the same as
 * judging everything again with the programs of all processes that any finding names.
 */
import { expect, test } from 'vitest';
import { localMachine } from '../../../src/collect/local-machine.ts';
import { RULES } from '../../../src/doctor/catalogue.ts';
import { type ExamineOptions, examine } from '../../../src/doctor/examine.ts';
import { wantedProcesses } from '../../../src/doctor/stacks/wanted-processes.ts';
import type { StackFacts } from '../../../src/model/stack/stack-facts.ts';
import { diagnose } from '../../../src/queries/diagnose.ts';
import { observe } from '../../../src/queries/observe.ts';
import { openSource } from '../../../src/sources/open-source.ts';
import { HEALTHY, INCIDENTS } from './catalogue.ts';
import { recordingOf } from './incident.ts';

const how: ExamineOptions = {
  rules: RULES,
  settings: {},
  declared: { pools: [], serverLimits: [], replicas: [] },
  clock: () => 0,
};

test.each([...INCIDENTS, ...HEALTHY].map((each) => [each.name, recordingOf(each)] as const))('%s', async (_, file) => {
  const source = await openSource(localMachine({}), {
    target: undefined,
    from: { file, untilMs: undefined, speed: undefined },
    intervalMs: 1000,
    forMs: undefined,
    events: true,
    numeric: false,
    host: true,
  });
  try {
    const series = await observe(source);
    const looked: StackFacts[] = [];
    const diagnosis = diagnose(
      {
        stacks: (wanted) => {
          const answer = source.stacks(wanted);
          looked.push(...answer.stacks);
          return answer;
        },
      },
      series,
      how,
    );
    // Copies: nothing that was computed for the first judgement is used again.
    const namespaces = series.namespaces.map((netns) => ({
      ...netns,
      samples: netns.samples.map((one) => ({ ...one })),
    }));
    expect(diagnosis).toEqual(examine({ ...series, namespaces, stacks: looked }, how));

    const { stacks } = source.stacks(wantedProcesses(series, examine(series, how).findings));
    expect(diagnosis).toEqual(examine({ ...series, namespaces, stacks }, how));
  } finally {
    source.close();
  }
});
