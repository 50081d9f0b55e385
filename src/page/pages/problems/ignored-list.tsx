import { ignoredText } from '../../../render/problem-words.ts';
import type { ProblemsAnswer } from '../../../serve/protocol.ts';
import { Blank } from '../../components/blank.tsx';
import { many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';

/** What is ignored on purpose, in the words of `doctor --all`. */
export function IgnoredList({ answer: { ignored, configFile } }: { answer: ProblemsAnswer }) {
  if (ignored.length === 0) {
    const where = `An open problem hands out the block [[ignore]] for ${configFile}: with its reason, and until when.`;
    return <Blank title="Nothing is ignored on purpose" text={where} />;
  }
  return (
    <section class="panel" aria-label="Ignored on purpose">
      <div class="panel-head">
        <h2>Ignored on purpose</h2>
        <span class="faint">
          {many(ignored.length, 'entry').replace('entrys', 'entries')} [[ignore]] of <code>{shown(configFile)}</code>
        </span>
      </div>
      <ul class="rows sect">
        {ignored.map((entry) => {
          const text = ignoredText(entry);
          return (
            <li key={text} class={entry.expired ? 'c-warning' : ''}>
              {shown(text)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
