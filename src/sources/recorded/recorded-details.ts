import type { DeclaredSettings } from '../../model/container/container.ts';
import type { RecordedDetails } from '../../model/sample/recorded.ts';
import type { StackFacts, WantedProcess } from '../../model/stack/stack-facts.ts';
import type { SourceDetails } from '../sample-source.ts';

/** The facts that were read once when recording. */
export function recordedDetails({ declared, runtimeProcesses }: RecordedDetails): SourceDetails {
  return {
    declared: new Map(Object.entries(declared).map(([id, settings]) => [id, unlimited(settings)])),
    runtimeProcesses,
  };
}

/** JSON has no infinity: an unlimited limit is recorded as null. */
function unlimited(settings: DeclaredSettings): DeclaredSettings {
  const finite = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return {
    ...settings,
    limits: settings.limits.map(({ name, soft, hard }) => ({ name, soft: finite(soft), hard: finite(hard) })),
  };
}

/** What was recorded of the programs of some processes. */
export function recordedStacks(
  recorded: readonly StackFacts[],
  processes: readonly WantedProcess[],
): readonly StackFacts[] {
  return processes.flatMap(
    ({ pid, startTicks }) =>
      recorded.findLast((facts) => facts.pid === pid && (startTicks ?? facts.startTicks) === facts.startTicks) ?? [],
  );
}
