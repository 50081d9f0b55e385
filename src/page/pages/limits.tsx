import { useSignal } from '@preact/signals';
import type { ContainerAnswer } from '../../serve/protocol/container.ts';
import type { HostNumbers } from '../../serve/protocol.ts';
import { Meter } from '../components/meter.tsx';
import { Paste } from '../components/paste.tsx';
import { Scroll } from '../components/scroll.tsx';
import { num, TableHead } from '../components/table-head.tsx';
import { countText, many } from '../text/numbers.ts';
import { shown } from '../text/shown.ts';
import { type LimitRow, limitRows } from './limit-rows.ts';

/** Limits with their use, who set them, and how they are set here. */
export function Limits({ answer, host }: { answer: ContainerAnswer; host: HostNumbers | undefined }) {
  const areAllShown = useSignal(false);
  const { limits } = answer;
  if (limits === undefined) return null;
  const rows = limitRows(answer, host);
  const used = rows.filter((row) => row.used !== undefined);
  const others = rows.filter((row) => row.used === undefined);
  return (
    <div class="cols wide-left">
      <section class="panel" id="limits" aria-label="Limits">
        <div class="panel-head">
          <h2>Limits</h2>
          <span class="faint">of the main process, its network namespace and this host</span>
        </div>
        <Scroll label="Limits">
          <table class="compact limits">
            <TableHead columns={['Limit', num('In use'), num('Limit'), 'Headroom', 'Set by']} />
            <tbody>
              {used.map((row) => (
                <Line key={row.key} row={row} />
              ))}
              {others.length > 0 && (
                <tr class="groupline">
                  <td colSpan={5}>
                    <button
                      type="button"
                      aria-expanded={areAllShown.value}
                      onClick={() => {
                        areAllShown.value = !areAllShown.value;
                      }}
                    >
                      <i aria-hidden="true">{areAllShown.value ? '▾' : '▸'}</i> {many(others.length, 'limit')} of which
                      no use is known
                    </button>
                  </td>
                </tr>
              )}
              {areAllShown.value && others.map((row) => <Line key={row.key} row={row} />)}
            </tbody>
          </table>
        </Scroll>
        {limits.remarks.map((remark) => (
          <p key={remark} class="remark muted">
            {shown(remark)}
          </p>
        ))}
      </section>
      <Fixes fixes={limits.fixes} />
    </div>
  );
}

function Line({ row: { key, title, used, limit, setBy } }: { row: LimitRow }) {
  return (
    <tr data-limit={key}>
      <td>{shown(title)}</td>
      <td class="num">{used === undefined ? <span class="faint">–</span> : countText(used)}</td>
      <td class="num">{limit === null ? 'unlimited' : countText(limit)}</td>
      <td class="headroom">
        {used !== undefined && limit !== null && <Meter used={used} limit={limit} name={title} />}
      </td>
      <td class="set-by muted" title={shown(setBy)}>
        {shown(setBy)}
      </td>
    </tr>
  );
}

type Fix = NonNullable<ContainerAnswer['limits']>['fixes'][number];

/** One way at a time; the first is for where the container runs. */
function Fixes({ fixes }: { fixes: readonly Fix[] }) {
  const chosen = useSignal(0);
  const fix = fixes[chosen.value] ?? fixes[0];
  if (fix === undefined) return null;
  return (
    <section class="panel" aria-label="Set limits here">
      <div class="panel-head">
        <h2>Set limits here</h2>
      </div>
      <div class="panel-body">
        {fixes.length > 1 && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so
          <div class="seg ways" role="group" aria-label="Where">
            {fixes.map(({ where }, index) => (
              <button
                key={where}
                type="button"
                aria-pressed={fix === fixes[index]}
                onClick={() => {
                  chosen.value = index;
                }}
              >
                {shown(where)}
              </button>
            ))}
          </div>
        )}
        {fix.snippet !== undefined && <Paste where={shown(fix.where)} text={fix.snippet} />}
        <p class="remark muted">{shown(fix.text)}</p>
      </div>
    </section>
  );
}
