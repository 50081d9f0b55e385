/**
 * The doctor on the recordings of real incidents: the right cause is its first finding, in the right place, with a fix
 * that helps; and it is quiet on the healthy services. What it does not do yet is listed in `known-misses.ts`.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HEALTHY, INCIDENTS } from './catalogue.ts';
import { recordingOf } from './incident.ts';
import { complaints, diagnoseRecording, judge, placeOf } from './judge.ts';
import { KNOWN_FALSE_ALARMS, KNOWN_MISSES } from './known-misses.ts';

/** A recording that is larger takes too much of the repository. */
const MOST_BYTES = 300_000;

describe('incidents: the right cause first, with a fix that helps', () => {
  test.each(INCIDENTS.map((incident) => [incident.name, incident] as const))('%s', async (name, incident) => {
    const { outcome, why, alarms } = judge(await diagnoseRecording(recordingOf(incident)), incident.expected);
    expectListed(KNOWN_MISSES, name, outcome === 'first' ? '' : `${outcome}: ${why}`);
    expectListed(KNOWN_FALSE_ALARMS, name, alarms.join('; '));
  });
});

describe('healthy services: nothing to complain about', () => {
  test.each(HEALTHY.map((healthy) => [healthy.name, healthy] as const))('%s', async (name, healthy) => {
    const said = complaints(await diagnoseRecording(recordingOf(healthy)));
    expectListed(KNOWN_FALSE_ALARMS, name, said.map((each) => `${each.rule}: ${placeOf(each)}`).join('; '));
  });
});

/** @param wrong what is wrong; empty for nothing, and then the list must not have the case either */
function expectListed(list: Readonly<Record<string, string>>, name: string, wrong: string): void {
  if (wrong !== '') expect(list, wrong).toHaveProperty(name);
  else expect(list, `${name} is right now: npm run doctor:score -- --update`).not.toHaveProperty(name);
}

describe('the corpus', () => {
  test('has at least 30 incidents of different reports, and 20 healthy services', () => {
    expect(INCIDENTS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(INCIDENTS.map(({ report }) => report)).size).toBeGreaterThanOrEqual(30);
    expect(HEALTHY.length).toBeGreaterThanOrEqual(20);
  });

  test('has one recording a case, none too large, and nothing else', () => {
    const cases = [...INCIDENTS, ...HEALTHY];
    const files = fs.readdirSync(`${import.meta.dirname}/recordings`).sort();
    expect(files).toEqual(cases.map(({ name }) => `${name}.slr`).sort());
    for (const each of cases) expect(fs.statSync(recordingOf(each)).size, each.name).toBeLessThanOrEqual(MOST_BYTES);
  });

  test('known misses are cases of the corpus', () => {
    expect(INCIDENTS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(KNOWN_MISSES)));
    const all = [...INCIDENTS, ...HEALTHY].map(({ name }) => name);
    expect(all).toEqual(expect.arrayContaining(Object.keys(KNOWN_FALSE_ALARMS)));
  });
});
