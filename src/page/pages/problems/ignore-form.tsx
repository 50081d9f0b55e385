import { useSignal } from '@preact/signals';
import { ignoreBlock } from '../../../render/ignore-block.ts';
import type { ServedProblem } from '../../../serve/protocol.ts';
import { Paste } from '../../components/paste.tsx';
import { overview, problems } from '../../state/live.ts';
import { shown } from '../../text/shown.ts';

const DAY_MS = 86_400_000;

const ENDS = [
  { label: 'in a week', days: 7 },
  { label: 'in a month', days: 30 },
  { label: 'in a quarter', days: 91 },
  { label: 'never', days: undefined },
];

/** The block that has the doctor ignore a problem on purpose: where, until when, and why. */
export function IgnoreForm({ problem }: { problem: ServedProblem }) {
  const target = useSignal('0');
  const end = useSignal('1');
  const why = useSignal('');
  const choices = choicesOf(problem);
  const { targets } = choices[Number(target.value)] ?? choices[0] ?? { targets: [undefined] };
  const days = ENDS[Number(end.value)]?.days;
  const until = days === undefined ? {} : { until: new Date(Date.now() + days * DAY_MS).toISOString() };
  const isReady = why.value.trim() !== '';
  const entries = targets.map((name) => ({
    rule: problem.rule,
    ...(name !== undefined && { target: name }),
    ...until,
    why: why.value.trim(),
  }));
  return (
    <section class="sect ignore" aria-label="Ignore on purpose">
      <details>
        <summary>
          <h3>Ignore on purpose</h3>
        </summary>
        <div class="fields">
          <label>
            <span>Where</span>
            <select value={target.value} onChange={(event) => (target.value = event.currentTarget.value)}>
              {choices.map(({ label }, index) => (
                <option key={label} value={index}>
                  {shown(label)}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>Ends</span>
            <select value={end.value} onChange={(event) => (end.value = event.currentTarget.value)}>
              {ENDS.map(({ label }, index) => (
                <option key={label} value={index}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label class="why">
            <span>Why, for whoever reads it next</span>
            <input value={why.value} spellcheck={false} onInput={(event) => (why.value = event.currentTarget.value)} />
          </label>
        </div>
        {isReady ? (
          <>
            <Paste where={shown(problems.value?.configFile ?? '')} text={entries.map(ignoreBlock).join('\n\n')} />
            <p>
              Then <code>systemctl reload socklens</code>, or SIGHUP.
            </p>
          </>
        ) : (
          <p>The block to paste is here once there is a reason.</p>
        )}
      </details>
    </section>
  );
}

/** What an entry can mean: the services of the problem, its containers together and each, or its rule everywhere. */
function choicesOf({ containers, places }: ServedProblem): { label: string; targets: (string | undefined)[] }[] {
  const rows = overview.value?.rows ?? [];
  const isReplicated = places.some(({ replicas }) => replicas !== undefined);
  const services = isReplicated
    ? [...new Set(rows.flatMap((row) => (containers.includes(row.name) ? (row.service ?? []) : [])))]
    : [];
  // A finding about several containers at once has all of their names.
  const names = [
    ...new Set(containers.flatMap((name) => (rows.some((row) => row.name === name) ? name : name.split(',')))),
  ];
  return [
    ...services.map((service) => ({ label: `service ${service}`, targets: [service] })),
    ...(names.length > 1 ? [{ label: `these ${names.length} places`, targets: names }] : []),
    ...names.map((name) => ({ label: name, targets: [name] })),
    { label: 'everywhere', targets: [undefined] },
  ];
}
