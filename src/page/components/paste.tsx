import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { addKeys } from '../state/keys.ts';
import { speak } from '../state/speech.ts';

const SHOWN_MS = 1500;

/**
 * A block of text to paste, with its place in its head.
 *
 * @param props.where the file or shell it belongs in
 * @param props.copyKey a key that copies it, too
 */
export function Paste({ where, text, copyKey }: { where: string; text: string; copyKey?: string }) {
  const state = useSignal<'idle' | 'copied' | 'failed'>('idle');
  const copy = async () => {
    state.value = (await copyText(text)) ? 'copied' : 'failed';
    speak(state.value === 'copied' ? 'Copied' : 'Copying failed');
    setTimeout(() => {
      state.value = 'idle';
    }, SHOWN_MS);
  };
  const latest = useRef(copy);
  latest.current = copy;
  useLayoutEffect(
    () => (copyKey === undefined ? undefined : addKeys({ [copyKey]: () => void latest.current() })),
    [copyKey],
  );
  return (
    <div class="paste">
      <div class="where">
        <span>{where}</span>
        <button type="button" class="btn" onClick={copy}>
          {{ idle: 'Copy', copied: 'Copied', failed: 'Select it' }[state.value]}
          {copyKey !== undefined && state.value === 'idle' && <span class="key">{copyKey}</span>}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}

/** Copies text. The clipboard is there only over https and on this machine. @returns whether it worked */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
