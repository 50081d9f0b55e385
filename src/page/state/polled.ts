import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isFrozen } from './live.ts';
import { AGAIN_MS, pause } from './pause.ts';
import { askServer, type RequestOptions } from './request.ts';

/** What a view shows of an answer that is asked for again and again. */
export interface Polled<Answer> {
  /** Of this question, the latest; undefined before the first. */
  answer: Answer | undefined;
  /** Why there is none, or no newer one; undefined for nothing. */
  fault: string | undefined;
}

/** The latest answers, by question: a view that is opened again shows at once what it had. */
const latest = signal<ReadonlyMap<string, unknown>>(new Map());
/** Questions whose answers are kept. */
const MOST = 20;

/**
 * Asks the server while the component is there, the tab is seen and nothing is frozen.
 *
 * @param question path and options; undefined for none at present
 */
export function usePolled<Answer>(
  question: { path: string; options?: RequestOptions } | undefined,
  everyMs: number,
): Polled<Answer> {
  const fault = useSignal<string | undefined>(undefined);
  const key = question === undefined ? '' : JSON.stringify(question);
  useEffect(() => {
    fault.value = undefined;
    if (key === '') return undefined;
    const { path, options } = JSON.parse(key) as { path: string; options?: RequestOptions };
    const abort = new AbortController();
    const ask = async () => {
      for (let isFirst = true; !abort.signal.aborted; isFirst = false) {
        const isSeen = document.visibilityState === 'visible' && !isFrozen.peek();
        if (isFirst || isSeen) {
          try {
            keep(key, await askServer<Answer>(path, options, abort.signal));
            fault.value = undefined;
          } catch (error) {
            if (abort.signal.aborted) return;
            fault.value = error instanceof Error ? error.message : String(error);
          }
        }
        await pause(fault.peek() === undefined ? everyMs : Math.min(everyMs, AGAIN_MS));
      }
    };
    void ask();
    return () => abort.abort();
  }, [key, everyMs, fault]);
  return { answer: latest.value.get(key) as Answer | undefined, fault: fault.value };
}

function keep(key: string, answer: unknown): void {
  const others = [...latest.peek()].filter(([known]) => known !== key).slice(1 - MOST);
  latest.value = new Map([...others, [key, answer]]);
}
