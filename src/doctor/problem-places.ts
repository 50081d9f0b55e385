import { byName } from '../base/by-name.ts';
import { grouped } from '../base/lists.ts';
import { type FindingScope, rowNamesOf } from '../model/finding/finding.ts';
import type { ProblemPlace } from '../model/finding/problem.ts';
import { programOf, type Replicas } from './replicas.ts';

/** The places of findings: replicas of a service are one place, and so are the processes of one container or program. */
export function placesOf(scopes: readonly FindingScope[], replicas: Replicas): ProblemPlace[] {
  const all = scopes.flatMap((scope) => containersOf(scope, replicas));
  return [...grouped(all, (scope) => replicas.keyOf({ scope })).values()].map((members) => placeOf(members, replicas));
}

function placeOf(scopes: readonly FindingScope[], replicas: Replicas): ProblemPlace {
  const [first] = scopes as [FindingScope];
  const targets = [...new Set(scopes.map(({ target }) => target))].sort(byName);
  const processes = new Set(scopes.flatMap(({ pid }) => pid ?? [])).size;
  const containers = new Set(scopes.flatMap(({ container }) => container ?? [])).size;
  const set = replicas.of(first);
  const isService = set !== undefined && set.examined.length > 1;
  const common = isService ? set.name : targets.length > 1 ? programName(first) : first.target;
  return {
    name: !isService && processes <= 1 ? first.name : common,
    targets,
    ...(processes > targets.length && { processes }),
    ...(isService && { replicas: { affected: containers, examined: set.examined.length, running: set.running } }),
  };
}

function programName(scope: FindingScope): string {
  const program = programOf(scope);
  return program === undefined ? scope.name : `program ${program}`;
}

function containersOf(scope: FindingScope, replicas: Replicas): FindingScope[] {
  const targets = rowNamesOf(scope);
  if (targets.length === 1) return [scope];
  return targets.map((target) => {
    const container: FindingScope = { kind: 'container', name: target, target, container: target };
    return replicas.isContainer(target) ? container : { ...scope, name: target, target };
  });
}
