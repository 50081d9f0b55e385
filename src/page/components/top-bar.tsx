import { useLayoutEffect, useRef } from 'preact/hooks';
import { MENU, PAGES } from '../pages/pages.tsx';
import type { PageName } from '../state/address.ts';
import { addKeys, type KeyMap } from '../state/keys.ts';
import { overview } from '../state/live.ts';
import { holds, shownProblems } from '../state/problems.ts';
import { linkTo, route, show } from '../state/route.ts';
import { isOffered, session } from '../state/server.ts';
import { switchTheme } from '../state/theme.ts';
import { shown } from '../text/shown.ts';

/** Name, host, pages, filter. */
export function TopBar({ onHelp }: { onHelp: () => void }) {
  useLayoutEffect(
    () =>
      addKeys({
        ...PAGE_KEYS,
        d: switchTheme,
        '?': onHelp,
      }),
    [onHelp],
  );
  const { page } = route.value;
  const open = shownProblems.value.filter(holds);
  const worst = open.some(({ severity }) => severity === 'critical') ? '' : 'warning';
  return (
    <header class="bar">
      <a class="brand" href={linkTo('overview')}>
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M2 4.5H18" stroke="currentColor" stroke-width="2" />
          <path d="M3.5 17V12M8 17V7.5M12.5 17V10M17 17V7.5" stroke="currentColor" stroke-width="2.4" />
        </svg>
        socklens
      </a>
      <span class="host">{shown(overview.value?.host.name ?? session.value?.host ?? '')}</span>
      <nav class="nav" aria-label="Pages">
        {MENU.filter((entry) => isOffered(entry.page)).map((entry) => (
          <a key={entry.page} href={linkTo(entry.page)} aria-current={currentOf(entry.page, page)}>
            {entry.label}
            {entry.page === COUNTED && open.length > 0 && (
              <>
                {' '}
                <span class={`count ${worst}`}>
                  {open.length}
                  <span class="vh"> open problems</span>
                </span>
              </>
            )}
          </a>
        ))}
      </nav>
      <div class="end">
        <FilterField />
        <button
          type="button"
          class="btn icon quiet"
          title="Light or dark (d)"
          aria-label="Light or dark"
          onClick={switchTheme}
        >
          <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
            <circle cx="7" cy="7" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5" />
            <path d="M7 1.25A5.75 5.75 0 0 1 7 12.75Z" fill="currentColor" />
          </svg>
        </button>
        <button type="button" class="btn icon quiet" title="Keyboard (?)" aria-label="Keyboard" onClick={onHelp}>
          ?
        </button>
      </div>
    </header>
  );
}

/** The page whose name carries the number of open problems. */
const COUNTED: PageName = 'problems';

/** A container is a part of the overview. */
function currentOf(entry: PageName, page: PageName): 'page' | 'true' | undefined {
  if (entry === page) return 'page';
  return entry === 'overview' && page === 'container' ? 'true' : undefined;
}

const PAGE_KEYS: KeyMap = Object.fromEntries(
  MENU.map(({ page, key }) => [
    key,
    () => {
      if (isOffered(page)) location.hash = linkTo(page);
    },
  ]),
);

/** The filter of the page: on the overview of rows, on a container's page of its sockets. */
function FilterField() {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => addKeys({ '/': () => input.current?.focus() }), []);
  const { filter, page } = route.value;
  return (
    <label class="field">
      <span class="vh">Filter</span>
      <input
        ref={input}
        value={filter}
        placeholder={PAGES[page].placeholder}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        onInput={(event) => show({ filter: event.currentTarget.value }, false)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          // The first clears, the second leaves.
          if (filter === '') event.currentTarget.blur();
          else show({ filter: '' }, false);
        }}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
    </label>
  );
}
