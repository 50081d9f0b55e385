import type { PoolLane } from '../../serve/protocol/container.ts';
import { Meter } from '../components/meter.tsx';
import { Scroll } from '../components/scroll.tsx';
import { num, TableHead } from '../components/table-head.tsx';
import { countText } from '../text/numbers.ts';
import { laneTitle } from './container-strips.ts';

/** Connections by peer: count, peak, idle, and the cap where one is known. */
export function Lanes({ lanes }: { lanes: readonly PoolLane[] }) {
  const shown = lanes.filter(({ direction, address }) => direction === 'in' || address !== undefined);
  if (shown.length === 0) return null;
  return (
    <section class="panel" aria-label="Peers">
      <div class="panel-head">
        <h2>Peers</h2>
        <span class="faint">{countText(shown.length)}, by connections</span>
      </div>
      <Scroll label="Peers">
        <table class="compact">
          <TableHead
            columns={[
              'Peer',
              'Address',
              num('Now'),
              num('Peak, 1 min'),
              num('Idle'),
              num('CLOSE_WAIT'),
              num('Cap'),
              'Headroom',
            ]}
          />
          <tbody>
            {shown.map((lane) => (
              <LaneLine key={lane.id} lane={lane} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function LaneLine({ lane }: { lane: PoolLane }) {
  const { direction, address, port, count, peak, idle, byState, ceiling } = lane;
  const closeWait = byState.CLOSE_WAIT ?? 0;
  return (
    <tr data-lane={`${direction} ${address ?? '*'}:${port}`}>
      <td>
        {direction === 'out' ? '→ ' : '← '}
        {laneTitle(lane)}
      </td>
      <td class="mono">{direction === 'out' ? `${address}:${port}` : `*:${port}`}</td>
      <td class="num">{countText(count)}</td>
      <td class="num">{countText(peak)}</td>
      <td class="num">{idle === undefined ? <span class="faint">–</span> : countText(idle)}</td>
      <td class={`num ${closeWait === 0 ? 'zero' : ''}`}>{countText(closeWait)}</td>
      <td class="num">
        {ceiling === undefined ? <span class="faint">none known</span> : `${countText(ceiling.count)}, ${ceiling.kind}`}
      </td>
      <td class="headroom">
        {ceiling !== undefined && ceiling.kind !== 'assumed' && (
          <Meter used={count} limit={ceiling.count} name={ceiling.what} />
        )}
      </td>
    </tr>
  );
}
