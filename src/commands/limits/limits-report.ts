import { plural } from '../../base/plural.ts';
import { type ContainerKnowledge, containerKnowledge } from '../../collect/containers/container-details.ts';
import { engineDefaults } from '../../collect/containers/engine-defaults.ts';
import { engineProcess } from '../../collect/containers/engine-process.ts';
import type { Machine } from '../../collect/machine.ts';
import {
  highestNofile,
  type ProcessFacts,
  pidsUse,
  readProcessFacts,
  tasksByUser,
} from '../../collect/owners/process-facts.ts';
import { processesOf } from '../../collect/owners/processes-of.ts';
import { relatedProcesses } from '../../collect/owners/related-processes.ts';
import { NOT_BY_KIND } from '../../collect/owners/unknown-processes.ts';
import { noteOfDenied, TO_LIST_DESCRIPTORS } from '../../collect/permissions.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import type { DeclaredLimit } from '../../model/container/container.ts';
import { finiteLimit, type LimitsByName, limitPercent, limitShare, sameLimit } from '../../model/container/limits.ts';
import type { Platform } from '../../model/container/platform.ts';
import { Failure } from '../../model/failure.ts';
import type { LimitsReport, PidsReport, ProcessUse } from '../../model/report/limits-report.ts';
import type { Coverage } from '../../model/sample/coverage.ts';
import { exampleNofile } from '../../platform/example-limit.ts';
import { limitFixes } from '../../platform/fixes.ts';
import { groupLimits } from '../../platform/group-limits.ts';
import { limitRemarks } from '../../platform/limit-remarks.ts';
import { platformOf } from '../../platform/platform-of.ts';
import { programClass } from '../../platform/program-class.ts';
import { type WatchedDescriptors, type WatchTime, watchDescriptors } from './descriptor-watch.ts';

/** Maximum number of processes whose descriptors are counted by kind: the main one and the fullest. */
const MAX_CLASSIFIED = 8;

/**
 * The limits of a target's processes, their use, and their origin.
 *
 * @param time how long to sample; undefined for a single sample
 * @throws {Failure} `no-target` when it has stopped
 */
export async function limitsOf(machine: Machine, handle: NetnsHandle, time?: WatchTime): Promise<LimitsReport> {
  const takenAt = new Date();
  const beginMs = performance.now();
  const coverage: Coverage = { complete: true, notes: [] };
  const facts = limitedProcesses(machine, handle);
  const [main] = facts;
  if (main === undefined)
    throw new Failure('no-target', `${handle.target.name}: stopped before its processes were read`);
  const known = await containerKnowledge(machine, handle);
  if (known.note !== undefined) coverage.notes.push(known.note);
  if (handle.target.runtime === 'host') coverage.notes.push(HOST_NOTE);
  const classified = classifiedOf(facts);
  const watched = await watchDescriptors(machine, handle, facts, classified, time);
  const denied = facts.filter(({ used }) => used === undefined).length;
  if (denied > 0) {
    coverage.complete = false;
    const lost = `the descriptors of ${plural(denied, 'process', 'processes')} are not known`;
    coverage.notes.push(noteOfDenied(machine, lost, TO_LIST_DESCRIPTORS));
  }
  const notByKind = facts.filter(
    ({ pid, used }) => used !== undefined && classified.has(pid) && watched.get(pid)?.kinds === undefined,
  );
  if (notByKind.length > 0) {
    coverage.complete = false;
    const note = noteOfDenied(
      machine,
      NOT_BY_KIND,
      TO_LIST_DESCRIPTORS,
      notByKind.map(({ pid }) => pid),
    );
    if (!coverage.notes.includes(note)) coverage.notes.push(note);
  }
  const engine =
    known.facts.runtime === 'docker' && known.endpoint !== undefined
      ? engineProcess(machine, known.endpoint)
      : undefined;
  const { declared, declaredBy } = declaration(machine, known, engine);
  const platform = platformOf(known.facts);
  const used = facts.map((fact) => watched.get(fact.pid)?.used ?? fact.used);
  const fullest = Math.max(0, ...used.filter((count) => count !== undefined));
  const example = exampleNofile(fullest, highestNofile(machine));
  const nofile = main.limits.nofile;
  const remark = { used: used[0], declared: declared.nofile, program: programClass(main.program) };
  return {
    target: handle.target,
    takenAt,
    coverage,
    platform,
    mainPid: main.pid,
    ...(time !== undefined && { lookedMs: Math.round(performance.now() - beginMs) }),
    groups: groupLimits(
      facts.map((fact, index) => ({ ...fact, used: used[index] })),
      declared,
      tasksByUser(machine),
    ),
    processes: facts.map((fact) => processUse(fact, watched.get(fact.pid))).sort(mainFirst(main.pid)),
    ...pidsReport(machine, main.pid, known),
    ...(declaredBy !== undefined && { declaredBy }),
    related: relatedProcesses(machine, main.pid, engine).map(({ role, pid, name, nofile: { soft, hard } }) => ({
      role,
      pid,
      name,
      soft: finiteLimit(soft),
      hard: finiteLimit(hard),
    })),
    remarks: nofile === undefined ? [] : limitRemarks({ effective: nofile, ...remark }),
    fixes: limitFixes(platform, 'nofile', example, example),
  };
}

const HOST_NOTE =
  'these are the limits of PID 1 of the host; each login and each unit has its own (socklens limits pid:N)';

/** The processes of a target that still run, the main one first. */
export function limitedProcesses(machine: Machine, handle: NetnsHandle): ProcessFacts[] {
  return processesOf(machine, handle)
    .map((pid) => readProcessFacts(machine, pid))
    .filter((facts) => facts !== undefined);
}

/** The main process, and those with the largest share of their limit. */
function classifiedOf(facts: readonly ProcessFacts[]): Set<number> {
  const [main, ...others] = facts;
  const share = ({ used = 0, limits }: ProcessFacts) => limitShare(used, limits.nofile?.soft) ?? 0;
  const fullest = others.sort((a, b) => share(b) - share(a)).slice(0, MAX_CLASSIFIED - 1);
  return new Set([main, ...fullest].flatMap((one) => one?.pid ?? []));
}

/**
 * @param engine PID of the Engine that runs the container; undefined where it is not known: then its defaults are not
 */
function declaration(
  machine: Machine,
  { details, facts }: ContainerKnowledge,
  engine: number | undefined,
): { declared: LimitsByName; declaredBy?: string } {
  const byName = (limits: readonly { name: string; soft: number; hard: number }[]) =>
    Object.fromEntries(limits.map(({ name, soft, hard }) => [name, { soft, hard }]));
  const defaults = engine === undefined ? undefined : engineDefaults(machine, engine);
  if (details !== undefined && details.limits.length > 0) {
    // An Engine adds its defaults to HostConfig.Ulimits when it starts a container (moby, daemon.mergeUlimits).
    const same = defaults !== undefined && sameLimits(details.limits, defaults.limits);
    if (NOT_ENGINES.includes(facts.runtime)) {
      const declaredBy = `the configuration of ${facts.runtime} (process.rlimits of the container's specification)`;
      return { declared: byName(details.limits), declaredBy };
    }
    const where = same ? `HostConfig.Ulimits, the same as ${defaults.from}` : 'HostConfig.Ulimits';
    return { declared: byName(details.limits), declaredBy: `${declarerOf(platformOf(facts))} (${where})` };
  }
  return defaults === undefined ? { declared: {} } : { declared: byName(defaults.limits), declaredBy: defaults.from };
}

/** Runtimes whose API is not that of Docker's Engine. */
const NOT_ENGINES = ['containerd', 'cri-o'];

function sameLimits(some: readonly DeclaredLimit[], others: readonly DeclaredLimit[]): boolean {
  const isIn = (limit: DeclaredLimit) => others.some((other) => other.name === limit.name && sameLimit(other, limit));
  return some.length === others.length && some.every(isIn);
}

/** The declaration that the Engine's configuration of the container comes from. */
function declarerOf(platform: Platform): string {
  switch (platform.kind) {
    case 'ecs-ec2':
    case 'ecs-fargate':
      return `task definition ${platform.family ?? ''}:${platform.revision ?? ''}, as the Engine has it`;
    case 'compose':
      return `compose service ${platform.service}, as the Engine has it`;
    case 'swarm':
      return `swarm service ${platform.service}, as the Engine has it`;
    default:
      return 'the Engine';
  }
}

function pidsReport(machine: Machine, pid: number, { details }: ContainerKnowledge): { pids?: PidsReport } {
  const found = pidsUse(machine, pid);
  if (found === undefined) return {};
  const { path, version, current, max, refused } = found;
  const share = limitPercent(current, max);
  return {
    pids: {
      path,
      version,
      current,
      max: finiteLimit(max),
      ...(share !== undefined && { sharePercent: share }),
      ...(refused !== undefined && { refused }),
      ...(details?.pidsLimit !== undefined && { declared: details.pidsLimit }),
    },
  };
}

function processUse(
  { pid, threads, program, limits }: ProcessFacts,
  watched: WatchedDescriptors | undefined,
): ProcessUse {
  const process = { pid, name: program.name, threads, program: programClass(program) };
  if (watched === undefined) return process;
  const soft = limits.nofile?.soft ?? Number.POSITIVE_INFINITY;
  const { used, kinds, perMinute, limitReachedInMs, change } = watched;
  const share = limitPercent(used, soft);
  const zombies: Record<string, number> = {};
  for (const { protocol } of kinds?.unshown ?? []) zombies[protocol] = (zombies[protocol] ?? 0) + 1;
  return {
    ...process,
    descriptors: {
      used,
      softLimit: finiteLimit(soft),
      ...(share !== undefined && { sharePercent: share }),
      ...(kinds !== undefined && { byKind: kinds.byKind }),
      ...(Object.keys(zombies).length > 0 && { zombies }),
      ...(perMinute !== undefined && { perMinute: Math.round(perMinute * 10) / 10 }),
      ...(limitReachedInMs !== undefined && { limitReachedInMs: Math.round(limitReachedInMs) }),
      ...(change !== undefined && { change }),
    },
  };
}

function mainFirst(main: number): (a: ProcessUse, b: ProcessUse) => number {
  const share = ({ descriptors }: ProcessUse) =>
    descriptors === undefined ? -1 : (limitShare(descriptors.used, descriptors.softLimit) ?? 0);
  return (a, b) => Number(b.pid === main) - Number(a.pid === main) || share(b) - share(a) || a.pid - b.pid;
}
