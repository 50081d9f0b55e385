import { durationText } from '../../base/duration.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { wrapWords } from '../../base/word-wrap.ts';
import { limitWord } from '../../model/container/limits.ts';
import { PLATFORM_NAMES } from '../../model/container/platform.ts';
import type { LimitsReport, ProcessUse } from '../../model/report/limits-report.ts';
import { limitOrigin } from '../../platform/limit-origin.ts';
import { NEAR_SHARE, shareStyle } from '../../render/attention.ts';
import type { ByteWriter } from '../../render/byte-writer.ts';
import { type Column, Table } from '../../render/table.ts';
import { styled } from '../../render/terminal/paint.ts';
import { renderFixes } from './limits-text.ts';

/** How the limits of several targets are written. */
export interface LimitsTableStyle {
  /** Terminal columns; undefined for no limit. */
  columns: number | undefined;
  colour?: boolean | undefined;
  /** Whether every target's fix is written, not only where the use is near the limit. */
  fix: boolean;
}

/** Use of a limit, in per cent, from which it is near. */
const NEAR_PERCENT = NEAR_SHARE * 100;

/** Processes of one target that are near their limit and have a row; further ones are counted. */
const MAX_NEAR = 5;

/** A limit in use. */
interface Row {
  target: string;
  /** `42/nginx`; `-` for a limit of the whole container. */
  process: string;
  limit: string;
  /** `?` where it may not be read. */
  use: string;
  /** In per cent; undefined where it is unlimited or not known. */
  share: number | undefined;
  growth: string;
  left: string;
  origin: string;
}

/** The container, the process and the use of the limit are never dropped. */
const COLUMNS: readonly Column[] = [
  { title: 'Container', align: 'left', shorten: 'name', least: 20 },
  { title: 'Process', align: 'left', shorten: 'process' },
  { title: 'Limit', align: 'left' },
  { title: 'Use', align: 'right' },
  { title: 'Share', align: 'right', drop: 4 },
  { title: '/min', align: 'right', optional: true, drop: 2 },
  { title: 'Full In', align: 'right', optional: true, drop: 3 },
  { title: 'Origin', align: 'left', shorten: 'name', least: 12, drop: 1 },
];

/**
 * Writes the limits of several targets: a line for the fullest process of each and for every process that is near its
 * limit, the fullest first; below it how to set the limits that are near.
 */
export function renderLimitsTable(out: ByteWriter, reports: readonly LimitsReport[], style: LimitsTableStyle): void {
  const table = new Table(COLUMNS);
  const rows = reports.flatMap(rowsOf).sort((a, b) => (b.share ?? -1) - (a.share ?? -1));
  for (const { target, process, limit, use, share, growth, left, origin } of rows) {
    for (const text of [target, process, limit, use]) table.text(text);
    table.style(shareStyle((share ?? 0) / 100));
    table.text(share === undefined ? '-' : `${share}%`);
    for (const text of [growth, left, origin]) table.text(text);
  }
  table.render(out, style.columns, style.colour);
  const near = reports.filter((report) => rowsOf(report).some(isNear));
  for (const report of style.fix ? reports : near) renderFix(out, report, style);
  if (style.fix || reports.length === 0) return;
  const hidden = near.length === 0 ? 'no limit is near' : plural(near.length, 'limit is near', 'limits are near');
  const note = `${hidden} (${NEAR_PERCENT}% or more); --fix shows how to set the others, socklens limits TARGET shows all limits of one`;
  out.text(`\n${wrapWords(note, style.columns).join('\n')}\n`);
}

function isNear({ share }: Row): boolean {
  return share !== undefined && share >= NEAR_PERCENT;
}

function rowsOf(report: LimitsReport): Row[] {
  const { processes, pids, target } = report;
  const share = (process: ProcessUse) => process.descriptors?.sharePercent ?? -1;
  const byShare = [...processes].sort((a, b) => share(b) - share(a));
  const shown = byShare.filter((process, index) => index === 0 || share(process) >= NEAR_PERCENT);
  const rows = shown.slice(0, MAX_NEAR).map((process) => processRow(report, process));
  const more = shown.length - MAX_NEAR;
  const last = rows.at(-1);
  if (more > 0 && last !== undefined) last.process += ` and ${more} more`;
  if (pids?.sharePercent === undefined || pids.sharePercent < NEAR_PERCENT) return rows;
  const use = `${pids.current}/${limitWord(pids.max)}`;
  const origin = `pids controller, version ${pids.version}`;
  const task = { target: target.name, process: '-', limit: 'tasks', use, share: pids.sharePercent };
  return [...rows, { ...task, growth: '', left: '', origin }];
}

function processRow(report: LimitsReport, { pid, name, descriptors }: ProcessUse): Row {
  const row = { target: report.target.name, process: `${pid}/${name}`, limit: 'open files' };
  const origin = originOf(report, pid);
  if (descriptors === undefined) return { ...row, use: '?', share: undefined, growth: '', left: '', origin };
  const { used, softLimit, sharePercent, perMinute, limitReachedInMs } = descriptors;
  return {
    ...row,
    use: `${used}/${limitWord(softLimit)}`,
    share: sharePercent,
    growth: perMinute === undefined ? '' : `${perMinute > 0 ? '+' : ''}${perMinute}`,
    left: limitReachedInMs === undefined ? '' : limitReachedInMs === 0 ? 'full' : durationText(limitReachedInMs),
    origin,
  };
}

/** Where the limit of open files of a process comes from. */
function originOf(report: LimitsReport, pid: number): string {
  const limits = report.groups.find(({ pids }) => pids.includes(pid))?.limits;
  const nofile = limits?.find(({ name }) => name === 'nofile');
  return nofile === undefined ? 'inherited' : limitOrigin(nofile, report);
}

function renderFix(out: ByteWriter, report: LimitsReport, { columns, colour = false }: LimitsTableStyle): void {
  const { target, platform, fixes } = report;
  const worst = rowsOf(report).find(isNear);
  const why = worst === undefined ? '' : ` ${worst.limit} of ${worst.process} at ${worst.share}%;`;
  const head = `${target.name}:${why} to set it permanently here (${PLATFORM_NAMES[platform.kind]}), with example numbers:`;
  const lines = wrapWords(safeText(head), columns, '', '  ');
  const [first = '', ...others] = lines;
  out.text(`\n${[worst === undefined ? first : styled(first, 'warning', colour), ...others].join('\n')}\n`);
  renderFixes(out, fixes, columns);
}
