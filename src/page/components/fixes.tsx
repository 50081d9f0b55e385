import { useLayoutEffect } from 'preact/hooks';
import { shortTitleText } from '../../model/finding/problem-titles.ts';
import type { ServedProblem } from '../../serve/protocol.ts';
import { addKeys } from '../state/keys.ts';
import { holds, problemsHere } from '../state/problems.ts';
import { speak } from '../state/speech.ts';
import { shown } from '../text/shown.ts';
import { copyText, Paste } from './paste.tsx';

/** How each problem is fixed, folded: its one line is on its card, and the charts are the evidence that comes next. */
export function Fixes({ problems }: { problems: readonly ServedProblem[] }) {
  const fixable = problems.filter(({ fix }) => fix !== undefined);
  if (fixable.length === 0) return null;
  return (
    <section class="panel fixes" aria-label="How to fix">
      {fixable.map((problem) => (
        <HowToFix key={problem.id} problem={problem} />
      ))}
    </section>
  );
}

function HowToFix({ problem }: { problem: ServedProblem }) {
  const { fix, verify, findings, causes } = problem;
  if (fix === undefined) return null;
  const [cause] = causes;
  return (
    <details class="fixing">
      <summary>
        <b>How to fix</b> {shown(shortTitleText(problem))}
      </summary>
      <div class="panel-body">
        {cause !== undefined && findings[cause] !== undefined && <p>{shown(findings[cause].summary)}</p>}
        <p>{shown(fix.text)}</p>
        {fix.snippet !== undefined && <Paste where={shown(fix.where)} text={fix.snippet} />}
        <Paste where="Verify, in a shell on the host" text={verify} />
      </div>
    </details>
  );
}

/** The key `c`: copies the fix of the worst problem that the page shows. */
export function useCopyKey(): void {
  useLayoutEffect(() => addKeys({ c: copyFix }), []);
}

function copyFix(): void {
  const fix = problemsHere.peek().find(holds)?.fix;
  const text = fix?.snippet ?? fix?.text;
  if (text === undefined) return;
  void copyText(text).then((isCopied) => speak(isCopied ? 'Copied the fix' : 'Copying failed'));
}
