import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ComparedMeasure, Comparison, RunFinding } from '../../../model/report/run-summary.ts';
import { differenceText, valueText, verdictOf } from '../../../render/comparison-words.ts';
import { Scroll } from '../../components/scroll.tsx';
import { num, TableHead } from '../../components/table-head.tsx';
import { incidents } from '../../state/incidents.ts';
import { bytesOf } from '../../state/recording.ts';
import { show } from '../../state/route.ts';
import { speak } from '../../state/speech.ts';
import { many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { spanText } from '../../text/times.ts';

/** Two incidents side by side, as `socklens compare` compares two recordings. */
export function ComparisonPanel({ before, after }: { before: string; after: string }) {
  const comparison = useSignal<Comparison | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => {
    void compare(before, after).then(
      (found) => {
        comparison.value = found;
        speak(verdictOf(found));
      },
      (error: unknown) => {
        fault.value = error instanceof Error ? error.message : String(error);
      },
    );
  }, [before, after, comparison, fault]);
  return (
    <section class="panel comparison" aria-label="Comparison">
      <div class="panel-head">
        <h2>{comparison.value === undefined ? 'Comparison' : verdictOf(comparison.value)}</h2>
        <button type="button" class="btn end" onClick={() => show({ options: {} })}>
          Close
        </button>
      </div>
      {fault.value !== undefined && (
        <p class="panel-body c-critical" role="alert">
          {shown(fault.value)}
        </p>
      )}
      {comparison.value === undefined && fault.value === undefined && (
        <p class="panel-body faint">Both are being read</p>
      )}
      {comparison.value !== undefined && <Result comparison={comparison.value} />}
    </section>
  );
}

async function compare(before: string, after: string): Promise<Comparison> {
  const { compareRecordings } = await import('../../recording/compare-recordings.ts');
  const of = async (id: string) => ({ name: nameOf(id), blob: await bytesOf(id) });
  return compareRecordings(await of(before), await of(after));
}

function nameOf(id: string): string {
  const name = incidents.peek()?.incidents.find((incident) => incident.id === id)?.name ?? '';
  return name === '' ? id : name;
}

function Result({ comparison: { before, after, measures, gone, new: fresh, stayed } }: { comparison: Comparison }) {
  const changed = measures.filter(({ change }) => change !== 'same');
  const same = measures.length - changed.length;
  return (
    <>
      <div class="panel-body facts">
        {[before, after].map(({ name, seconds }, index) => (
          <span key={index === 0 ? 'before' : 'after'}>
            {index === 0 ? 'Before' : 'After'}: <b>{shown(name)}</b> ({spanText(seconds * 1000)})
          </span>
        ))}
        {same > 0 && <span>{many(same, 'measure')} unchanged (within 5 % or 1)</span>}
      </div>
      {changed.length > 0 && <Measures measures={changed} />}
      <ul class="panel-body findings">
        <Findings change="New" findings={fresh} />
        <Findings change="Resolved" findings={gone} />
        <Findings change="Remains" findings={stayed} />
        {fresh.length + gone.length + stayed.length === 0 && <li>No findings in either.</li>}
      </ul>
    </>
  );
}

function Measures({ measures }: { measures: readonly ComparedMeasure[] }) {
  return (
    <Scroll label="Measures that changed">
      <table>
        <TableHead columns={['Change', 'Measure', num('Before'), num('After'), num('Difference')]} />
        <tbody>
          {measures.map((measure) => (
            <tr key={measure.name} data-measure={measure.name}>
              <td class={measure.change === 'worse' ? 'c-critical' : ''}>{measure.change}</td>
              <td>{shown(measure.name)}</td>
              <td class="num">{valueText(measure.before, measure.unit, measure.heldBefore)}</td>
              <td class="num">{valueText(measure.after, measure.unit, measure.heldAfter)}</td>
              <td class="num">{differenceText(measure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Findings({ change, findings }: { change: string; findings: readonly RunFinding[] }) {
  return (
    <>
      {findings.map(({ rule, severity, scope, summary }) => (
        <li key={`${rule} ${scope} ${summary}`}>
          <b>{change}</b> {severity} {rule}, {shown(scope)}: {shown(summary)}
        </li>
      ))}
    </>
  );
}
