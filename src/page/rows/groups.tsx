import { show } from '../state/route.ts';
import { countText, many, percentText } from '../text/numbers.ts';
import { shown } from '../text/shown.ts';
import { COLUMNS } from './container-line.tsx';
import { type Group, STOPPED } from './fold.ts';

/** The option of the address that says how rows are grouped; by project where it is absent. */
export const GROUP = 'group';
export const UNGROUPED = 'none';

/** What a group hides, or is the head of. */
export function GroupLine({ group, onToggle }: { group: Group; onToggle: (project: string) => void }) {
  const { project, projects, rows, openSockets, fullest, isOpen } = group;
  return (
    <tr class="groupline">
      <td colSpan={COLUMNS}>
        <button type="button" aria-expanded={isOpen} onClick={() => onToggle(project)}>
          <i aria-hidden="true">{isOpen ? '▾' : '▸'}</i>{' '}
          {project === STOPPED ? (
            <>
              <b>{countText(rows.length)} stopped</b> in the last minutes; each stays for ten
            </>
          ) : project === '' ? (
            <>
              <b>{countText(rows.length)} calm</b>
              {projects > 1 ? `in ${many(projects, 'project')}` : 'without a project'}
            </>
          ) : (
            <>
              <b>{shown(project)}</b> {countText(rows.length)} calm
            </>
          )}
          {project !== STOPPED &&
            `, ${many(openSockets, 'open socket')}, fullest ${percentText(fullest)} of its descriptors`}
        </button>
      </td>
    </tr>
  );
}

/** Rows below their projects, or all in one order. */
export function GroupChoice({ isUngrouped }: { isUngrouped: boolean }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so
    <div class="seg end" role="group" aria-label="Group by">
      <button type="button" aria-pressed={!isUngrouped} onClick={() => show({ options: {} })}>
        Project
      </button>
      <button type="button" aria-pressed={isUngrouped} onClick={() => show({ options: { [GROUP]: UNGROUPED } })}>
        None
      </button>
    </div>
  );
}
