import { useEffect, useRef } from 'preact/hooks';
import { MENU } from '../pages/pages.tsx';
import { isOffered } from '../state/server.ts';

const KEYS: readonly { title: string; keys: readonly [string, string][] }[] = [
  {
    title: 'Rows',
    keys: [
      ['j k', 'Next, previous'],
      ['enter', 'Open'],
      ['/', 'Filter'],
      ['esc', 'Clear, go back'],
      ['c', 'Copy the fix'],
    ],
  },
  {
    title: 'Time',
    keys: [
      ['[ ]', 'Step back, on'],
      ['{ }', 'Previous, next problem'],
      ['space', 'Freeze, go on; on the map play'],
      ['l', 'Back to live'],
      ['1 … 8', 'Length of time'],
    ],
  },
  {
    title: 'Map',
    keys: [
      ['x', 'Only trouble'],
      ['g', 'By project, by network, no groups'],
      ['v', 'Map or matrix'],
    ],
  },
  {
    title: 'Charts',
    keys: [
      ['t', 'As tables'],
      ['drag', 'Zoom all charts'],
      ['double-click', 'Zoom out'],
    ],
  },
];

function pagesOffered() {
  const pages = MENU.filter(({ page }) => isOffered(page)).map(({ key, label }): [string, string] => [key, label]);
  return { title: 'Pages', keys: [...pages, ['d', 'Light or dark'], ['?', 'This help']] as [string, string][] };
}

/** What keys do. */
export function Help({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = () => {
    // What had the focus before gets it back; where nothing had, keys would go to the hidden button for a moment.
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && dialog.current?.contains(activeElement) === true) activeElement.blur();
    onClose();
  };
  return (
    <dialog ref={dialog} class="help panel" onClose={close} aria-label="Keyboard">
      <div class="panel-head">
        <h2>Keyboard</h2>
        <button type="button" class="btn end" onClick={close}>
          Close <span class="key">esc</span>
        </button>
      </div>
      <div class="keys">
        {[pagesOffered(), ...KEYS].map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <ul>
              {keys.map(([key, does]) => (
                <li key={key}>
                  <span>
                    {key.split(' ').map((part) => (
                      <kbd key={part} class="key">
                        {part}
                      </kbd>
                    ))}
                  </span>
                  <span>{does}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </dialog>
  );
}
