/**
 * `npm run bench`: the comparisons of docs/performance.md in one run; `npm run bench -- overview watch` measures
 * those whose names contain one of the words. Makes its own namespaces, and a container where an Engine answers,
 * and removes them, also after Ctrl-C. Needs root.
 */
import os from 'node:os';
import { createNetns, removeAllNetns } from '../test/support/netns.ts';
import { manySockets } from '../test/support/recipes/many-sockets.ts';
import { background, backgroundOfContainers } from './background.ts';
import { holds, type Result } from './comparison.ts';
import { commandsOnContainers } from './container.ts';
import { diagnosisOfMany, doctorOfContainers, doctorOfMany } from './doctor.ts';
import { driftOfEvents } from './drift.ts';
import { kernelSideOfEvents } from './event-programs.ts';
import { eventsOfChurn } from './events.ts';
import { filteredAgainstAll, filteredAgainstReceiving, filteredCommand, programAgainstReceiving } from './filter.ts';
import { fleetHost, fleetPage } from './fleet.ts';
import { flightRecorder } from './flight-recorder.ts';
import { heldSocketsOfHost } from './held.ts';
import { historyReads, historySize } from './history.ts';
import { countingAgainstReceiving } from './inside.ts';
import { guardOfLab } from './lab.ts';
import { metricsOfContainers } from './metrics.ts';
import { listWithOwners, startOfOneFile, startWithoutPrograms } from './one-shot.ts';
import { overviewOfNamespaces } from './overview.ts';
import { ownersOfHost } from './owners.ts';
import { firstLoadOfPage, scrollOfPage, tickOfPage } from './page.ts';
import { recordingInPage, sizeOfRecordingReader } from './page-recording.ts';
import { recordWithPass } from './record.ts';
import { recordingReadBack, recordingSize } from './recording.ts';
import { resultLines, verdict } from './report.ts';
import { overviewOfPods } from './runtimes.ts';
import { driftOfServe, serveOfLarge, serveOfUsual } from './serve.ts';
import { watchOfChurn } from './watch.ts';
import { countAgainstSs, memoryOfCounting, netstatAgainstNetstat } from './whole-commands.ts';

/** Each connection has two sockets. */
const CONNECTIONS = 50_000;
/** The clients of one listener are a hundredth of all sockets. */
const LISTENERS = 50;

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const isWanted = ({ name }: { name: string }) =>
  words.length === 0 || words.some((word) => name.toLowerCase().includes(word));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Exit handlers remove namespaces, containers and processes.
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
}

const results: Result[] = [];

/** Measures and prints. An error is printed as the result, and the run goes on with status 1. */
async function measure(name: string, make: () => Promise<Result | Result[]>): Promise<void> {
  const made = await make().catch((error: Error): Result => {
    process.exitCode = 1;
    return { title: name, why: `error: ${error.message}` };
  });
  for (const result of [made].flat()) {
    results.push(result);
    for (const line of resultLines(result)) console.log(line);
  }
}

console.log(
  `Linux ${os.release()} ${os.arch()}, ${os.cpus().length} cores (${os.cpus()[0]?.model}), Node ${process.version}`,
);
console.log('');

// The first ones need a quiet host: every dump walks the tables of all namespaces.
const alone = [
  overviewOfNamespaces,
  ownersOfHost,
  heldSocketsOfHost,
  commandsOnContainers,
  overviewOfPods,
  eventsOfChurn,
  watchOfChurn,
];
const oneShot = [listWithOwners, startWithoutPrograms, startOfOneFile];
const quiet = [
  ...alone,
  ...oneShot,
  kernelSideOfEvents,
  background,
  backgroundOfContainers,
  serveOfUsual,
  serveOfLarge,
];
const others = [
  recordWithPass,
  recordingSize,
  recordingReadBack,
  firstLoadOfPage,
  tickOfPage,
  sizeOfRecordingReader,
  recordingInPage,
  scrollOfPage,
  doctorOfMany,
  diagnosisOfMany,
  doctorOfContainers,
  guardOfLab,
  historySize,
  historyReads,
  flightRecorder,
  metricsOfContainers,
  fleetPage,
  fleetHost,
];
/** Take a quarter of an hour: measured only where they are named. */
const long = words.length > 0 ? [driftOfEvents, driftOfServe] : [];
for (const make of [...quiet, ...others, ...long].filter(isWanted)) await measure(make.name, make);

const comparisons = [
  countingAgainstReceiving,
  countAgainstSs,
  netstatAgainstNetstat,
  memoryOfCounting,
  filteredAgainstAll,
  filteredAgainstReceiving,
  programAgainstReceiving,
  filteredCommand,
].filter(isWanted);
if (comparisons.length > 0) {
  const netns = createNetns();
  console.log(`${CONNECTIONS * 2} TCP sockets in one namespace`);
  console.log('');
  const sockets = await manySockets(netns, CONNECTIONS, LISTENERS);
  for (const make of comparisons) await measure(make.name, () => make(netns));
  await sockets.stop();
  removeAllNetns();
}

console.log(verdict(results));
if (results.some((result) => holds(result) === false)) process.exitCode = 1;
