/**
 * Makes the recordings of the corpus anew: `npm run test:incidents`, or a part of them with `-- -t NAME`. Each takes
 * its time to come into its state, and ten seconds; two are made side by side.
 */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CASES } from '../../doctor/incidents/catalogue.ts';
import { recordingOf } from '../../doctor/incidents/incident.ts';
import { complaints, diagnoseRecording, judge, placeOf } from '../../doctor/incidents/judge.ts';
import { KNOWN_FALSE_ALARMS, KNOWN_MISSES } from '../../doctor/incidents/known-misses.ts';
import { record } from '../../doctor/incidents/record.ts';
import { type OwnEngine, startOwnEngine } from '../../support/engine.ts';

let own: OwnEngine | undefined;

// An Engine of its own: a recording has all containers of the machine.
beforeAll(async () => {
  own = await startOwnEngine([]);
});
afterAll(() => own?.stop());

describe('recordings', { timeout: 240_000 }, () => {
  test.concurrent.each(CASES.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const file = recordingOf(each);
    await record(each, file, each.needsDocker ? own?.docker : undefined);
    expect(fs.statSync(file).size).toBeLessThanOrEqual(300_000);
    const diagnosis = await diagnoseRecording(file);
    if (!('expected' in each)) {
      const said = complaints(diagnosis).map((finding) => `${finding.rule}: ${placeOf(finding)}`);
      if (!Object.hasOwn(KNOWN_FALSE_ALARMS, name)) expect(said).toEqual([]);
      return;
    }
    const judgement = judge(diagnosis, each.expected);
    if (!Object.hasOwn(KNOWN_MISSES, name)) expect(judgement).toMatchObject({ outcome: 'first', why: '' });
  });
});
