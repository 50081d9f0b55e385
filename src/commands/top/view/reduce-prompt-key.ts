import { selectedIndex } from './order.ts';
import { type KeyContext, selectRow } from './selection.ts';
import { currentList, type Prompt, type TopState } from './state.ts';

/** The state after a key while the prompt is open. */
export function reducePromptKey(state: TopState, prompt: Prompt, key: string, context: KeyContext): TopState {
  switch (key) {
    case 'escape':
    case 'f10':
      return { ...state, prompt: undefined };
    case 'enter':
      return prompt.kind === 'filter' ? submitFilter(state, prompt, context) : { ...state, prompt: undefined };
    case 'f3':
      return prompt.kind === 'search' ? selectMatch(state, prompt.text, 1, context) : state;
    case 'backspace':
      return setText(state, prompt, [...prompt.text].slice(0, -1).join(''), context);
    case 'ctrl-u':
      return setText(state, prompt, '', context);
    default:
      // The names of other keys are longer than one character.
      return [...key].length === 1 ? setText(state, prompt, prompt.text + key, context) : state;
  }
}

/** A run of control characters; line breaks are among them. */
const CONTROL = /\p{Cc}+/gu;

/** The state after a paste: appended to an open prompt, ignored elsewhere, where characters are commands. */
export function reducePaste(state: TopState, text: string, context: KeyContext): TopState {
  const { prompt } = state;
  return prompt === undefined ? state : setText(state, prompt, prompt.text + text.replace(CONTROL, ' '), context);
}

/** Changes the text of the prompt; a search selects its first match at once. */
function setText(state: TopState, { kind }: Prompt, text: string, context: KeyContext): TopState {
  const next: TopState = { ...state, prompt: { kind, text } };
  return kind === 'search' ? selectMatch(next, text, 0, context) : next;
}

/** Applies a valid filter and closes the prompt; an invalid one stays, with its error. */
function submitFilter(state: TopState, prompt: Prompt, { checkFilter }: KeyContext): TopState {
  const filter = prompt.text.trim();
  const error = checkFilter(filter);
  if (error !== undefined) return { ...state, prompt: { ...prompt, text: filter, error } };
  return { ...state, prompt: undefined, filter };
}

/**
 * Selects the next row that contains the text, in any case, wrapping round; without a match the prompt says so.
 *
 * @param from where to start, in rows after the selected one
 */
function selectMatch(state: TopState, text: string, from: number, context: KeyContext): TopState {
  const { rows } = context;
  const start = Math.max(0, selectedIndex(rows, currentList(state)));
  const wanted = text.toLowerCase();
  for (let step = from; step < rows.length + from; step++) {
    const index = (start + step) % rows.length;
    if (rows[index]?.text.toLowerCase().includes(wanted)) return selectRow(state, index, context);
  }
  return { ...state, prompt: { kind: 'search', text, error: { message: 'no match' } } };
}
