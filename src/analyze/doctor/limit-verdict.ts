import type { DeclaredLimit } from '../../model/container.ts';
import type { Severity } from '../../model/finding.ts';
import type { ProcessSample } from '../../model/sample.ts';
import { percent } from './texts.ts';

/** What is wrong with a limit of open files. */
export interface LimitVerdict {
  /**
   * * `lowered`: less than was declared
   * * `raised`: more than was declared, so that a restart takes it back
   * * `low`: a soft limit that a service outgrows
   * * `absurd`: so high that programs which go through all descriptors seem to hang
   */
  kind: 'lowered' | 'raised' | 'low' | 'absurd';
  severity: Severity;
  /** In a sentence. */
  text: string;
  /** `1024:4096`; absent where it does not matter. */
  declared?: string;
}

/**
 * Judges a process's limit against what was declared for its container and against what it uses.
 *
 * @param declared undefined where nothing was
 * @returns undefined when nothing is wrong
 */
export function mismatchOf(
  { used, softLimit, hardLimit }: ProcessSample,
  declared: DeclaredLimit | undefined,
  listens: boolean,
  { lowSoft, lowShare, absurdHard }: { lowSoft: number; lowShare: number; absurdHard: number },
): LimitVerdict | undefined {
  const soft = softLimit ?? Number.POSITIVE_INFINITY;
  const hard = hardLimit ?? Number.POSITIVE_INFINITY;
  const other = declared && differs(soft, hard, declared);
  if (declared !== undefined && other !== undefined) {
    const text = `its limit of open files is ${word(soft)}:${word(hard)}, declared is ${word(declared.soft)}:${word(declared.hard)}`;
    const before = other === 'raised' ? '; a restart brings the declared one back' : '';
    const pair = `${word(declared.soft)}:${word(declared.hard)}`;
    return { kind: other, severity: 'warning', text: text + before, declared: pair };
  }
  if (soft <= lowSoft) {
    const text = `its soft limit is ${soft} open files${hard > soft ? ` (hard ${word(hard)})` : ''}`;
    if (used > soft * lowShare) {
      return { kind: 'low', severity: 'warning', text: `${text}, and ${used} are in use (${percent(used / soft)})` };
    }
    if (listens) return { kind: 'low', severity: 'info', text: `${text}, low for a server; ${used} are in use` };
  }
  if (hard <= absurdHard) return undefined;
  return {
    kind: 'absurd',
    severity: 'info',
    text: `its hard limit is ${word(hard)} open files: a program that iterates over all descriptors (to close them before exec) takes minutes`,
  };
}

/**
 * A program that sets a soft limit of its own within what was declared is no mismatch: Go takes the hard
 * limit or one less, Node.js at most 2^20, nginx what worker_rlimit_nofile says.
 */
function differs(soft: number, hard: number, declared: DeclaredLimit): 'lowered' | 'raised' | undefined {
  const declaredSoft = unlimited(declared.soft);
  const declaredHard = unlimited(declared.hard);
  if (soft < declaredSoft) return 'lowered';
  if (soft > declaredHard) return 'raised';
  // With the declared soft limit untouched nobody chose the hard one along with it.
  if (soft === declaredSoft && hard !== declaredHard) return hard < declaredHard ? 'lowered' : 'raised';
  return undefined;
}

/** Engines say -1 for unlimited. */
function unlimited(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

function word(value: number): string {
  return Number.isFinite(value) && value >= 0 ? String(value) : 'unlimited';
}
