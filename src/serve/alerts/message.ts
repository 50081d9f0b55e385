import { durationText } from '../../base/duration.ts';
import { countsText } from '../../render/problem-words.ts';
import type { Alert } from './alert.ts';

/** An alert in a message, and what of it is told. */
export interface ToldAlert {
  alert: Alert;
  /** When it was over; absent while it holds. */
  endsAtMs?: number;
  /** Title of the problem that explains it, which is why it is no problem of its own any more; absent otherwise. */
  explainedBy?: string;
  /** Its labels when it was last told; absent for one that was not. */
  toldLabels?: Readonly<Record<string, string>>;
}

/** What is sent at once. */
export interface Message {
  /** Name of this machine. */
  host: string;
  /** Address of the page. */
  pageUrl: string;
  /** Labels that all have in common by the way they are grouped. */
  groupLabels: Readonly<Record<string, string>>;
  /** Never empty; those that hold first, the worst first. */
  alerts: readonly ToldAlert[];
  atMs: number;
  /** Time until it is sent again while it holds, milliseconds. */
  repeatMs: number;
}

/** What one POST carries. */
export interface Post {
  url: string;
  body: unknown;
}

/** Those that hold. */
export function firingOf({ alerts }: Pick<Message, 'alerts'>): ToldAlert[] {
  return alerts.filter(({ endsAtMs }) => endsAtMs === undefined);
}

/** `web-host: 1 critical problem, 2 resolved`. */
export function headline(message: Message): string {
  const firing = firingOf(message);
  const counts = countsText(firing.map(({ alert }) => alert.severity));
  const infos = firing.filter(({ alert }) => alert.severity === 'info').length;
  const over = message.alerts.length - firing.length;
  const parts = [counts, infos > 0 ? `${infos} info` : '', over > 0 ? `${over} resolved` : ''].filter(Boolean);
  return `${message.host}: ${parts.join(', ')}`;
}

/** `Critical: pool grows past its size`, `Resolved: …`. */
export function titleOf({ alert, endsAtMs }: ToldAlert): string {
  const { severity, title } = alert;
  return `${endsAtMs === undefined ? severity[0]?.toUpperCase() + severity.slice(1) : 'Resolved'}: ${title}`;
}

/** The parts of an alert beside its title, each a line. */
export function linesOf({ alert, endsAtMs, explainedBy }: ToldAlert): string[] {
  const { where, cause, fix, symptoms, startsAtMs } = alert;
  if (explainedBy !== undefined) return [`Where: ${where}`, `Explained by another problem: ${explainedBy}`];
  if (endsAtMs !== undefined)
    return [`Where: ${where}`, `It lasted ${durationText(Math.max(1, endsAtMs - startsAtMs))}.`];
  return [
    `Where: ${where}`,
    ...(cause === '' ? [] : [cause]),
    ...(fix === undefined ? [] : [`Fix: ${fix}`]),
    ...(symptoms.length === 0 ? [] : [`It explains: ${symptoms.join('; ')}`]),
  ];
}

/** Addresses for whoever reads it, with their names. */
export function linksOf({ link, incidentLink }: Alert): { name: string; url: string }[] {
  const page = { name: 'Problem', url: link };
  return incidentLink === undefined ? [page] : [page, { name: 'Incident', url: incidentLink }];
}
