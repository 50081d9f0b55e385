import { grouped } from '../base/lists.ts';
import type { Finding } from '../model/finding/finding.ts';
import { CAUSE_LINKS, type CauseLink, type Relation } from './causes.ts';

/** A key that replicas of one service have in common: they run the same program for the same purpose. */
export type ReplicaKey = (finding: Finding) => string;

/** The container or the process by itself: nothing is known to be a replica of another. */
export const NO_REPLICAS: ReplicaKey = ({ scope }) => scope.container ?? scope.target;

/**
 * Links findings to their causes: a cause is placed directly before its symptoms, whatever their
 * severities.
 */
export function tied(findings: readonly Finding[], replicaKey: ReplicaKey = NO_REPLICAS): Finding[] {
  const causeOf = new Map<Finding, Finding>();
  const byRule = grouped(findings, ({ rule }) => rule);
  for (const finding of findings) {
    const cause = findCause(finding, byRule, causeOf, replicaKey);
    if (cause !== undefined) causeOf.set(finding, cause);
  }
  const symptomsOf = grouped(causeOf.keys(), (symptom) => causeOf.get(symptom));
  const ordered = new Set<Finding>();
  const handle = (finding: Finding): void => {
    if (ordered.has(finding)) return;
    const cause = causeOf.get(finding);
    // A cause that comes later places its symptoms itself, this one among them.
    if (cause !== undefined) handle(cause);
    if (ordered.has(finding)) return;
    ordered.add(finding);
    for (const symptom of symptomsOf.get(finding) ?? []) handle(symptom);
  };
  for (const finding of findings) handle(finding);
  const indexes = new Map([...ordered].map((finding, index) => [finding, index]));
  return [...ordered].map((finding) => {
    const cause = causeOf.get(finding);
    return cause === undefined ? finding : { ...finding, causedBy: indexes.get(cause) ?? 0 };
  });
}

const LINKS_TO = grouped(CAUSE_LINKS, ({ symptom }) => symptom);

function findCause(
  finding: Finding,
  byRule: ReadonlyMap<string, readonly Finding[]>,
  known: ReadonlyMap<Finding, Finding>,
  replicaKey: ReplicaKey,
): Finding | undefined {
  for (const link of LINKS_TO.get(finding.rule) ?? []) {
    const found = (byRule.get(link.cause) ?? []).filter(
      (cause) => explains(link, cause, finding, replicaKey) && !leadsTo(finding, cause, known),
    );
    // What is wrong in a replica explains less than what is wrong in the same place.
    const nearest = found.find((cause) => sameScope(cause, finding)) ?? found[0];
    if (nearest !== undefined) return nearest;
  }
  return undefined;
}

/** Whether two findings have in common what their link needs. */
export function explains({ by, isSeen }: CauseLink, cause: Finding, symptom: Finding, replicaKey: ReplicaKey): boolean {
  if (isSeen === true && cause.confidence !== 'high') return false;
  return RELATIONS[by](cause, symptom, replicaKey);
}

const RELATIONS: Readonly<Record<Relation, (cause: Finding, symptom: Finding, replicaKey: ReplicaKey) => boolean>> = {
  any: () => true,
  awaited: (cause, symptom) => cause.about !== undefined && cause.about === symptom.waitsFor,
  scope: sameScope,
  share: (cause, symptom) =>
    sameScope(cause, symptom) && (symptom.about === undefined || symptom.about === cause.about),
  about: (cause, symptom, replicaKey) =>
    cause.about !== undefined && cause.about === symptom.about && replicaKey(cause) === replicaKey(symptom),
  endpoint: sameEndpoint,
  server: (cause, symptom) => isServerOf(cause, symptom),
  client: (cause, symptom) => isServerOf(symptom, cause),
};

function sameScope(a: Finding, b: Finding): boolean {
  if (a.scope.pid !== undefined && b.scope.pid !== undefined) return a.scope.pid === b.scope.pid;
  return a.scope.target === b.scope.target;
}

/** One name stands for one server; a loopback address for another one in every namespace. */
function sameEndpoint({ about, server, scope }: Finding, other: Finding): boolean {
  if (about === undefined || !about.startsWith('peer ')) return false;
  if (server !== undefined && other.server !== undefined) {
    return server.target === other.server.target && server.port === other.server.port;
  }
  const isLoopback = /^peer (127\.|\[::1\]|localhost:)/.test(about);
  return about === other.about && (!isLoopback || scope.target === other.scope.target);
}

/** Whether a finding is about the port of the server that a client's finding is about. */
function isServerOf({ scope, about }: Finding, { server }: Finding): boolean {
  return server !== undefined && server.target === scope.target && about === `port ${server.port}`;
}

/** Whether a finding is among what explains another: a circle explains nothing. */
function leadsTo(from: Finding, to: Finding, known: ReadonlyMap<Finding, Finding>): boolean {
  for (let at: Finding | undefined = to; at !== undefined; at = known.get(at)) if (at === from) return true;
  return false;
}
