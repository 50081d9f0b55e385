/** What keys do on every page, or while a component is shown. The key is as `KeyboardEvent.key` has it. */
export type KeyMap = Readonly<Record<string, () => void>>;

const maps = new Set<KeyMap>();

/**
 * Adds keys until the returned function is called; of several for one key the latest counts. In a layout effect: what can
 * be seen has its keys.
 */
export function addKeys(map: KeyMap): () => void {
  maps.add(map);
  return () => maps.delete(map);
}

/** Listens. Single keys do nothing in a field, beneath a dialog, and with Control, Alt or Meta. */
export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    // A dialog has its own keys: Escape closes it.
    if (document.querySelector('dialog[open]') !== null) return;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if (target?.closest('input, textarea, select') != null) return;
    // Space and Enter belong to what has the focus.
    if ((event.key === ' ' || event.key === 'Enter') && target?.closest('button, a, summary') != null) return;
    const action = [...maps].reverse().find((map) => Object.hasOwn(map, event.key))?.[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
