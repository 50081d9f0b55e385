import { byName } from '../../base/by-name.ts';
import type { ContainerRow } from '../../serve/protocol.ts';
import { descriptorShare, troubleOf } from './order.ts';

/** {@link Group.project} of the containers that stopped; no project has such a name. */
export const STOPPED = '\u0000stopped';

/** With more of them, containers that stopped are one group: a host with short jobs has many. */
const MOST_STOPPED = 4;

/** A line of the table: a container, or the head of a group of calm ones. */
export type Line = { row: ContainerRow; isIndented: boolean } | { group: Group };

/** Calm containers of one project, or of all; or those that stopped. */
export interface Group {
  /** Empty for containers without one, and for those of all projects; {@link STOPPED}. */
  project: string;
  /** How many projects they are of. */
  projects: number;
  rows: readonly ContainerRow[];
  openSockets: number;
  /** Used part of the limit of the fullest one. */
  fullest: number;
  isOpen: boolean;
}

/** How a host with so many containers is shown. */
export interface Density {
  isCompact: boolean;
  isGrouped: boolean;
  /** Whether groups are closed until they are opened. */
  isFolded: boolean;
  /** Whether all calm ones are one group: more projects than anybody reads would be left. */
  isOneGroup: boolean;
}

/** Two-line rows for few containers, one line each from 60 on. Calm ones below their project from 12 on, folded from 60 on, all in one line from 300 on. */
export function densityOf(rows: number): Density {
  return { isCompact: rows >= 60, isGrouped: rows >= 12, isFolded: rows >= 60, isOneGroup: rows >= 300 };
}

/**
 * Lines for rows in their order: troubled ones first, each by itself; calm ones below the head of their project, which
 * says what it hides.
 *
 * @param switched projects whose group is open where it would be closed, or the other way round
 */
export function linesOf(all: readonly ContainerRow[], density: Density, switched: ReadonlySet<string>): Line[] {
  const stopped = all.filter(({ status }) => status === 'stopped');
  if (stopped.length <= MOST_STOPPED) return linesOfRows(all, density, switched);
  const group = { ...groupOf(STOPPED, stopped), isOpen: switched.has(STOPPED) };
  return [
    ...linesOfRows(
      all.filter(({ status }) => status !== 'stopped'),
      density,
      switched,
    ),
    { group },
    ...(group.isOpen ? stopped.map((row) => ({ row, isIndented: true })) : []),
  ];
}

function linesOfRows(rows: readonly ContainerRow[], density: Density, switched: ReadonlySet<string>): Line[] {
  const calm = rows.filter((row) => troubleOf(row) === 0);
  const projects = projectsOf(calm);
  if (!density.isGrouped || (projects.size < 2 && !density.isFolded)) {
    return rows.map((row) => ({ row, isIndented: false }));
  }
  const lines: Line[] = rows.filter((row) => troubleOf(row) > 0).map((row) => ({ row, isIndented: false }));
  const groups = density.isOneGroup && calm.length > 0 ? new Map([['', calm]]) : projects;
  for (const [project, members] of [...groups].sort(([a], [b]) => compareProjects(a, b))) {
    const group = { ...groupOf(project, members), isOpen: density.isFolded === switched.has(project) };
    lines.push({ group });
    if (group.isOpen) lines.push(...members.map((row) => ({ row, isIndented: !density.isOneGroup })));
  }
  return lines;
}

function groupOf(project: string, rows: readonly ContainerRow[]): Omit<Group, 'isOpen'> {
  return {
    project,
    projects: projectsOf(rows).size,
    rows,
    openSockets: rows.reduce((sum, { sockets }) => sum + (sockets?.open ?? 0), 0),
    fullest: Math.max(0, ...rows.map(descriptorShare)),
  };
}

/** Rows by project; those without one have the empty text. */
export function projectsOf(rows: readonly ContainerRow[]): Map<string, ContainerRow[]> {
  return Map.groupBy(rows, ({ project }) => project ?? '');
}

/** Those without a project are last. */
function compareProjects(a: string, b: string): number {
  return Number(a === '') - Number(b === '') || byName(a, b);
}
