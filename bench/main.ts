/**
 * `npm run bench`: every comparison of docs/performance.md in one run. Makes its own namespaces (and
 * a container, where there is an Engine) and removes them, also after Ctrl-C. Needs root.
 */
import os from 'node:os';
import { createNetns, removeAllNetns } from '../test/support/netns.ts';
import { manySockets } from '../test/support/recipes/many-sockets.ts';
import { background } from './background.ts';
import { holds, type Result } from './comparison.ts';
import { netstatOfContainer } from './container.ts';
import { doctorOfMany, verdictOfMany } from './doctor.ts';
import { eventsOfChurn } from './events.ts';
import { filteredAgainstAll, filteredAgainstReceiving, filteredCommand, programAgainstReceiving } from './filter.ts';
import { countingAgainstReceiving } from './inside.ts';
import { guardOfLab } from './lab.ts';
import { overviewOfNamespaces } from './overview.ts';
import { recordingReadBack, recordingSize } from './recording.ts';
import { resultLines, verdict } from './report.ts';
import { watchOfChurn } from './watch.ts';
import { countAgainstSs, memoryOfCounting, netstatAgainstNetstat } from './whole-commands.ts';

/** Twice as many sockets. */
const CONNECTIONS = 50_000;
/** So that one of them has a hundredth of all sockets. */
const LISTENERS = 50;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // What was made removes itself in handlers of the exit.
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
}

const results: Result[] = [];

/** One that fails is told, and the others are still made. */
async function measure(name: string, make: () => Promise<Result | Result[]>): Promise<void> {
  const made = await make().catch((error: Error): Result => {
    process.exitCode = 1;
    return { title: name, why: `it failed: ${error.message}` };
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

// First what wants a quiet host: every dump walks the tables of all namespaces.
const quiet = [overviewOfNamespaces, netstatOfContainer, eventsOfChurn, watchOfChurn, background];
const others = [recordingSize, recordingReadBack, doctorOfMany, verdictOfMany, guardOfLab];
for (const make of [...quiet, ...others]) await measure(make.name, make);

const netns = createNetns();
console.log(`${CONNECTIONS * 2} TCP sockets in one namespace`);
console.log('');
const sockets = await manySockets(netns, CONNECTIONS, LISTENERS);
const comparisons = [
  countingAgainstReceiving,
  countAgainstSs,
  netstatAgainstNetstat,
  memoryOfCounting,
  filteredAgainstAll,
  filteredAgainstReceiving,
  programAgainstReceiving,
  filteredCommand,
];
for (const make of comparisons) {
  await measure(make.name, () => make(netns));
}
await sockets.stop();
removeAllNetns();

console.log(verdict(results));
if (results.some((result) => holds(result) === false)) process.exitCode = 1;
