import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { ProblemAnswer } from '../../../serve/protocol.ts';
import { problems } from '../../state/live.ts';
import { shownProblems } from '../../state/problems.ts';
import { RequestError, request } from '../../state/request.ts';

/** One problem with its numbers over time, read anew after each judgement; why there is none. */
export function useProblem(id: string): { found?: ProblemAnswer; fault?: string } {
  const answer = useSignal<{ found?: ProblemAnswer; fault?: string }>({});
  const judgedAtMs = useComputed(() => problems.value?.atMs);
  useSignalEffect(() => {
    void judgedAtMs.value;
    const abort = new AbortController();
    request<ProblemAnswer>('problem', { id }, abort.signal).then(
      (found) => {
        answer.value = { found };
      },
      (error: unknown) => {
        if (abort.signal.aborted || answer.peek().found !== undefined) return;
        // A recording has its problems, without their numbers over time.
        const problem = shownProblems.peek().find((one) => one.id === id);
        if (problem !== undefined) {
          answer.value = { found: { problem, course: { times: [], numbers: [] } } };
          return;
        }
        answer.value = { fault: error instanceof RequestError ? error.message : String(error) };
      },
    );
    return () => abort.abort();
  });
  return answer.value;
}
