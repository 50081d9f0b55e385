import { durationText } from '../../base/duration.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { wrapWords } from '../../base/word-wrap.ts';
import { limitText, limitWord } from '../../model/container/limits.ts';
import { PLATFORM_NAMES } from '../../model/container/platform.ts';
import type { Fix } from '../../model/finding/finding.ts';
import type {
  LimitGroup,
  LimitRow,
  LimitsReport,
  PidsReport,
  ProcessUse,
  RelatedProcess,
} from '../../model/report/limits-report.ts';
import type { ByteWriter } from '../../render/byte-writer.ts';
import { Table } from '../../render/table.ts';
import { descriptorChangeText, descriptorKindsText } from './descriptor-text.ts';

/** Rows of processes; further ones are only counted (JSON has all). */
const MAX_PROCESSES = 12;

/** Writes a report of `limits` as text. */
export function renderLimits(out: ByteWriter, report: LimitsReport, width: number | undefined): void {
  const { groups, processes, platform } = report;
  const [main] = processes;
  const threads = processes.reduce((sum, process) => sum + process.threads, 0);
  const runs = `main process ${report.mainPid} (${main?.name}), ${plural(processes.length, 'process', 'processes')}, ${plural(threads, 'thread')}`;
  line(out, `${report.target.name}: ${PLATFORM_NAMES[platform.kind]}, ${runs}`, width);
  const [first, ...others] = groups;
  if (first !== undefined) {
    out.text('\n');
    if (others.length > 0) line(out, `${processesText(first)}:`, width);
    renderLimitRows(out, first.limits, width);
  }
  for (const group of others) {
    out.text('\n');
    line(out, `${processesText(group)}, where different:`, width);
    renderLimitRows(out, differing(group, first), width);
  }
  out.text('\n');
  renderProcesses(out, processes, report, width);
  if (report.pids !== undefined) {
    out.text('\n');
    line(out, pidsText(report.pids), width);
  }
  out.text('\n');
  line(out, declaredText(report), width);
  if (report.related.length > 0) renderRelated(out, report.related, width);
  if (report.remarks.length > 0) out.text('\n');
  for (const remark of report.remarks) out.text(`${wrapWords(safeText(remark), width, '! ').join('\n')}\n`);
  out.text('\n');
  line(out, `To set it permanently here (${PLATFORM_NAMES[platform.kind]}), with example numbers:`, width);
  renderFixes(out, report.fixes, width);
}

function line(out: ByteWriter, text: string, width: number | undefined): void {
  out.text(`${wrapWords(safeText(text), width, '', '  ').join('\n')}\n`);
}

/** PIDs of a group that are listed. */
const MAX_PIDS = 8;

function processesText({ pids, main }: LimitGroup): string {
  const named = pids.slice(0, MAX_PIDS).join(', ');
  const more = pids.length > MAX_PIDS ? ` and ${pids.length - MAX_PIDS} more` : '';
  return `${pids.length === 1 ? 'Process' : 'Processes'} ${named}${more}${main ? ' (including the main process)' : ''}`;
}

function differing(group: LimitGroup, first: LimitGroup | undefined): LimitRow[] {
  return group.limits.filter((row) => {
    const main = first?.limits.find(({ name }) => name === row.name);
    return main?.soft !== row.soft || main?.hard !== row.hard;
  });
}

function renderLimitRows(out: ByteWriter, rows: readonly LimitRow[], width: number | undefined): void {
  const table = new Table([
    { title: 'Limit', align: 'left', shorten: 'name' },
    { title: 'Flag', align: 'left', drop: 1 },
    { title: 'Soft', align: 'right' },
    { title: 'Hard', align: 'right' },
    { title: 'Unit', align: 'left', drop: 2 },
    { title: 'Used', align: 'right', optional: true },
    { title: 'Share', align: 'right', optional: true },
    { title: 'Declared', align: 'right', optional: true },
  ]);
  for (const row of rows) {
    table.text(row.title);
    table.text(row.flag);
    table.text(limitWord(row.soft));
    table.text(limitWord(row.hard));
    table.text(row.unit === '' ? '-' : row.unit);
    table.text(row.used === undefined ? '' : String(row.used));
    table.text(row.sharePercent === undefined ? '' : `${row.sharePercent}%`);
    table.text(row.declared === undefined ? '' : limitText(row.declared));
  }
  table.render(out, width);
}

function renderProcesses(
  out: ByteWriter,
  processes: readonly ProcessUse[],
  { lookedMs }: LimitsReport,
  width: number | undefined,
): void {
  const table = new Table([
    { title: 'PID', align: 'right' },
    { title: 'Process', align: 'left', shorten: 'name' },
    { title: 'Program', align: 'left', shorten: 'name', drop: 2 },
    { title: 'Threads', align: 'right', drop: 1 },
    { title: 'Descriptors', align: 'right' },
    { title: 'Soft', align: 'right' },
    { title: 'Share', align: 'right', optional: true },
    { title: '/min', align: 'right', optional: true, drop: 3 },
    { title: 'Full In', align: 'right', optional: true },
  ]);
  const shown = processes.slice(0, MAX_PROCESSES);
  for (const { pid, name, threads, program, descriptors } of shown) {
    table.uint(pid);
    table.text(name);
    table.text(program.name);
    table.uint(threads);
    table.text(descriptors === undefined ? '?' : String(descriptors.used));
    table.text(descriptors === undefined ? '?' : limitWord(descriptors.softLimit));
    table.text(descriptors?.sharePercent === undefined ? '' : `${descriptors.sharePercent}%`);
    table.text(descriptors?.perMinute === undefined ? '' : signed(descriptors.perMinute));
    table.text(descriptors?.limitReachedInMs === undefined ? '' : leftText(descriptors.limitReachedInMs));
    const details = [
      descriptorKindsText(descriptors?.byKind ?? {}, descriptors?.zombies),
      descriptors?.change === undefined || lookedMs === undefined
        ? ''
        : `in ${durationText(lookedMs)}: ${descriptorChangeText(descriptors.change) || 'no change'}`,
    ].filter((text) => text !== '');
    if (details.length > 0)
      table.detail(details.flatMap((text) => wrapWords(safeText(text), width, '        ')).join('\n'));
  }
  table.render(out, width);
  if (processes.length > shown.length) {
    out.text(
      `and ${plural(processes.length - shown.length, 'process', 'processes')} with a smaller share (--json shows all)\n`,
    );
  }
}

function signed(perMinute: number): string {
  return `${perMinute > 0 ? '+' : ''}${perMinute}`;
}

function leftText(ms: number): string {
  return ms === 0 ? 'full' : durationText(ms);
}

function pidsText({ path, version, current, max, sharePercent, refused, declared }: PidsReport): string {
  const share = sharePercent === undefined ? '' : ` (${sharePercent}%)`;
  const of = max === null ? 'no limit' : `limit ${max}${share}`;
  const forks = refused === undefined ? '' : refused === 0 ? ', no fork refused' : `, ${refused} forks refused`;
  const said = declared === undefined ? '' : `, declared ${declared}`;
  return `Tasks (threads included): ${current}, ${of}${forks}${said} (pids controller, version ${version}, ${path})`;
}

function declaredText({ declaredBy, groups }: LimitsReport): string {
  if (declaredBy === undefined) return 'Declared: unknown; the limits are inherited from the process that started it.';
  const rows = groups[0]?.limits.filter(({ declared }) => declared !== undefined) ?? [];
  const list = rows.map(({ name, declared }) => (declared === undefined ? name : `${name} ${limitText(declared)}`));
  return `Declared by ${declaredBy}: ${list.join(', ')}`;
}

function renderRelated(out: ByteWriter, related: readonly RelatedProcess[], width: number | undefined): void {
  const table = new Table([
    { title: 'Elsewhere', align: 'left' },
    { title: 'PID', align: 'right' },
    { title: 'Process', align: 'left', shorten: 'name' },
    { title: 'Open Files', align: 'right' },
  ]);
  for (const { role, pid, name, soft, hard } of related) {
    table.text(role);
    table.uint(pid);
    table.text(name);
    table.text(limitText({ soft, hard }));
  }
  table.render(out, width);
}

/** Writes fixes: where, a sentence, and a snippet to paste, which is not wrapped. */
export function renderFixes(out: ByteWriter, fixes: readonly Fix[], width: number | undefined): void {
  for (const { where, text, snippet } of fixes) {
    out.text(`${wrapWords(`${safeText(where)}: ${safeText(text)}`, width, '  ').join('\n')}\n`);
    if (snippet === undefined) continue;
    for (const line of snippet.split('\n')) out.text(`      ${safeText(line)}\n`);
  }
}
