import { type KeyContext, selectedAt } from './move.ts';
import { selectedIndex } from './order.ts';
import { currentList, type Prompt, type TopState } from './state.ts';

/** A key while a line is typed. */
export function pressInPrompt(state: TopState, prompt: Prompt, key: string, context: KeyContext): TopState {
  switch (key) {
    case 'escape':
    case 'f10':
      return { ...state, prompt: undefined };
    case 'enter':
      return prompt.kind === 'filter' ? takenFilter(state, prompt, context) : { ...state, prompt: undefined };
    case 'f3':
      return prompt.kind === 'search' ? found(state, prompt.text, 1, context) : state;
    case 'backspace':
      return typed(state, prompt, [...prompt.text].slice(0, -1).join(''), context);
    case 'ctrl-u':
      return typed(state, prompt, '', context);
    default:
      // The names of other keys are longer than a character.
      return [...key].length === 1 ? typed(state, prompt, prompt.text + key, context) : state;
  }
}

function typed(state: TopState, { kind }: Prompt, text: string, context: KeyContext): TopState {
  const next: TopState = { ...state, prompt: { kind, text } };
  return kind === 'search' ? found(next, text, 0, context) : next;
}

function takenFilter(state: TopState, prompt: Prompt, { readFilter }: KeyContext): TopState {
  const filter = prompt.text.trim();
  const mistake = readFilter(filter);
  if (mistake !== undefined) return { ...state, prompt: { ...prompt, text: filter, mistake } };
  return { ...state, prompt: undefined, filter };
}

/** The bar on the next row whose text has what is searched, beginning `from` rows further; as it is where none has. */
function found(state: TopState, text: string, from: number, context: KeyContext): TopState {
  const { rows } = context;
  const start = Math.max(0, selectedIndex(rows, currentList(state)));
  const wanted = text.toLowerCase();
  for (let step = from; step < rows.length + from; step++) {
    const index = (start + step) % rows.length;
    if (rows[index]?.text.toLowerCase().includes(wanted)) return selectedAt(state, index, context);
  }
  return state;
}
