import { type Limit, limitText, limitWord, sameLimit } from '../model/container/limits.ts';
import type { ProgramClass } from '../model/container/program.ts';

/** The facts for remarks: limit and use of open files of the main process. */
export interface RemarkFacts {
  effective: Limit;
  /** Open descriptors; undefined where they cannot be read. */
  used: number | undefined;
  /** Undefined where none was declared. */
  declared: Limit | undefined;
  program: ProgramClass;
}

/** With a hard limit above it, programs that close every possible descriptor in a loop become slow. */
const ABSURD = 10_000_000;

/** A process is near its soft limit from this used fraction on, or with fewer descriptors left than this. */
const NEAR_SHARE = 0.8;
const FEW_LEFT = 32;

/** Remarks on a limit of open files, one sentence each; empty when there is nothing to remark. */
export function limitRemarks({ effective, used, declared, program }: RemarkFacts): string[] {
  const remarks: string[] = [];
  const { soft, hard } = effective;
  if (used !== undefined && (used >= soft * NEAR_SHARE || soft - used < FEW_LEFT)) {
    remarks.push(
      soft <= used
        ? `no descriptor left (${used} of ${soft}): open, socket and accept fail with EMFILE`
        : `only ${soft - used} of ${soft} descriptors left; at ${soft} open, socket and accept fail with EMFILE`,
    );
  }
  if (declared !== undefined && !sameLimit(declared, effective)) remarks.push(differing(effective, declared, program));
  if (soft < hard) remarks.push(below(effective, program));
  if (hard > ABSURD) {
    remarks.push(`the hard limit is ${limitWord(hard)}: programs that close every descriptor in a loop may hang`);
  }
  return remarks;
}

function differing(effective: Limit, declared: Limit, { name, raisesSoftLimit }: ProgramClass): string {
  const raised = effective.hard === declared.hard && effective.soft > declared.soft;
  const why =
    raised && raisesSoftLimit
      ? `${name} raised its soft limit itself at start`
      : 'it was changed since, by the program or with prlimit';
  return `declared limit is ${limitText(declared)}, the process has ${limitText(effective)}: ${why}`;
}

function below({ soft, hard }: Limit, { name, raisesSoftLimit, how }: ProgramClass): string {
  const effect = `the soft limit ${soft} applies; the hard limit ${limitWord(hard)} only allows raising it`;
  // Newer versions of Go set the hard limit minus one.
  if (raisesSoftLimit && soft === hard - 1) return `${name} ${how}`;
  if (raisesSoftLimit) return `${effect}; ${name} usually ${how}, but this process did not`;
  if (raisesSoftLimit === false) return `${effect}, and ${name} ${how ?? 'does not change it'}`;
  return `${effect}; whether ${name} does so is not known`;
}
