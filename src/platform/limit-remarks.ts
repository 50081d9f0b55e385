import { type Limit, limitText, sameLimit } from '../model/container/limits.ts';
import type { ProgramClass } from '../model/container/program.ts';

/** What remarks are made of: the open files of the main process. */
export interface RemarkFacts {
  effective: Limit;
  used: number | undefined;
  declared: Limit | undefined;
  program: ProgramClass;
}

/** A descriptor limit above it makes programs slow that close every number in a loop. */
const ABSURD = 10_000_000;

/** Share of the soft limit, and what is left of it, from which a process is near its end. */
const NEAR_SHARE = 0.8;
const FEW_LEFT = 32;

/** What is odd about a limit of open files, a sentence each; empty when nothing is. */
export function limitRemarks({ effective, used, declared, program }: RemarkFacts): string[] {
  const remarks: string[] = [];
  const { soft, hard } = effective;
  if (used !== undefined && (used >= soft * NEAR_SHARE || soft - used < FEW_LEFT)) {
    remarks.push(
      soft <= used
        ? `no descriptor is left: open, socket and accept fail with EMFILE (${used} of ${soft})`
        : `only ${soft - used} descriptors are left of ${soft}; at ${soft} open, socket and accept fail with EMFILE`,
    );
  }
  if (declared !== undefined && !sameLimit(declared, effective)) remarks.push(differing(effective, declared, program));
  if (soft < hard) remarks.push(below(effective, program));
  if (hard > ABSURD) {
    remarks.push(
      `the hard limit is ${limitText(effective).split(':')[1]}: programs that close every descriptor in a loop may hang`,
    );
  }
  return remarks;
}

function differing(effective: Limit, declared: Limit, { name, raisesSoftLimit }: ProgramClass): string {
  const raised = effective.hard === declared.hard && effective.soft > declared.soft;
  const why =
    raised && raisesSoftLimit
      ? `${name} raised its soft limit itself at start`
      : 'somebody changed it since, the program itself or prlimit';
  return `${limitText(declared)} was declared and the process has ${limitText(effective)}: ${why}`;
}

function below({ soft, hard }: Limit, { name, raisesSoftLimit, how }: ProgramClass): string {
  const room = `the soft limit ${soft} is what counts, the hard one ${Number.isFinite(hard) ? hard : 'is unlimited and'} only allows raising it`;
  // Newer Go stops one short of the hard limit.
  if (raisesSoftLimit && soft === hard - 1) return `${name} ${how}`;
  if (raisesSoftLimit) return `${room}; ${name} usually ${how}, and this process has not`;
  if (raisesSoftLimit === false) return `${room}, and ${name} ${how ?? 'keeps it as it is'}`;
  return `${room}; whether ${name} does that itself is not known`;
}
