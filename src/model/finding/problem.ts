import type { Confidence, Evidence, Fix, Severity } from './finding.ts';

/** One place that a problem is in. Its texts are not safe for a terminal. */
export interface ProblemPlace {
  /** `service webhook`, `api`, `web 4242/nginx`, `netns:db`: the service of replicas, a container, a process, a namespace. */
  name: string;
  /** The TARGETs of the command line that have it. */
  targets: readonly string[];
  /** How many processes have it, where several of one place do; absent otherwise. */
  processes?: number;
  /** Absent for a place that is no service of several replicas. */
  replicas?: {
    affected: number;
    /** How many were examined. */
    examined: number;
    /** How many run on this machine, those that were not examined among them. */
    running: number;
  };
}

/** Findings of one rule that the cause of a problem explains. */
export interface Symptom {
  rule: string;
  /** In plain words. */
  title: string;
  /** The worst of its findings. */
  severity: Severity;
  /** Indexes of its findings in the same report, the worst first. */
  findings: readonly number[];
}

/** A cause with its symptoms and every place that shares it. */
export interface Problem {
  /** Name of the rule that found the cause. */
  rule: string;
  /** In plain words. */
  title: string;
  /** The worst of its cause and its symptoms. */
  severity: Severity;
  /** That of the cause, in the place where it is most certain. */
  confidence: Confidence;
  /** As `Finding.about`; absent where the places are the subject. */
  about?: string;
  places: readonly ProblemPlace[];
  /** ISO 8601: since when it lasts, at the latest; absent where nothing tells more than that it was seen during the run. */
  since?: string;
  /** The numbers that matter, at most three; over several places `58 to 63`. */
  numbers: readonly Evidence[];
  /** The one change that removes it; absent where no fix is needed. */
  fix?: Fix;
  /** A command that shows whether the fix worked. */
  verify: string;
  /** Indexes of the findings of its cause in the same report, the worst first. */
  causes: readonly number[];
  /** The worst first. */
  symptoms: readonly Symptom[];
}
