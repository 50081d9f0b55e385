import { useSignal } from '@preact/signals';
import type { FleetContainer, FleetHost } from '../../../serve/protocol/hosts.ts';
import { Meter } from '../../components/meter.tsx';
import { Scroll } from '../../components/scroll.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { mark, num, TableHead } from '../../components/table-head.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { useRowKeys } from '../../state/row-keys.ts';
import { countText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { Count } from './count.tsx';
import { containerPage, hostsLink } from './links.ts';

const ROW_HEIGHT = 44;
const CARD_HEIGHT = 104;
const IS_NARROW = matchMedia('(max-width: 640px)');

/**
 * Containers of hosts, the worst first; each leads to the page of its host, as far as that can be reached from here.
 *
 * @param props.hosts by their ids
 * @param props.isOfOne whether all are of one host, which is not named then
 */
export function FleetContainerTable({
  containers,
  hosts,
  isOfOne = false,
  isCut,
}: {
  containers: readonly FleetContainer[];
  hosts: ReadonlyMap<string, FleetHost>;
  isOfOne?: boolean;
  isCut: boolean;
}) {
  const selected = useSignal<string | undefined>(undefined);
  const byKey = new Map(containers.map((one) => [keyOf(one), one]));
  const selection = {
    get: () => selected.value,
    set: (key: string) => {
      selected.value = key;
    },
  };
  const height = IS_NARROW.matches ? CARD_HEIGHT : ROW_HEIGHT;
  useRowKeys({ names: [...byKey.keys()], height }, selection, (key) => {
    const container = byKey.get(key);
    const page = container && containerPage(hosts.get(container.host), container);
    if (page !== undefined) open(page, '_blank', 'noreferrer');
    else if (container !== undefined && !isOfOne) location.hash = hostsLink(container.host);
  });
  return (
    <section class="panel hosts" aria-label="Containers">
      <div class="panel-head">
        <h2>Containers</h2>
        <span class="faint">
          {isOfOne
            ? `${countText(containers.length)}, by trouble`
            : `the ${countText(containers.length)} in most trouble`}
          {isCut && '; there are more'}
        </span>
      </div>
      <Scroll label="Containers">
        <table class="cards" aria-rowcount={containers.length + 1}>
          <TableHead
            columns={[
              mark('Severity'),
              'Container',
              ...(isOfOne ? [] : ['Host']),
              'Problems',
              num('Open TCP'),
              num('CLOSE_WAIT'),
              num('TIME_WAIT'),
              'Descriptors',
            ]}
          />
          <VirtualRows
            items={[...byKey]}
            height={height}
            cellCount={isOfOne ? 7 : 8}
            render={([key, container]) => (
              <Line
                key={key}
                container={container}
                host={hosts.get(container.host)}
                isOfOne={isOfOne}
                rowKey={key}
                isSelected={selected.value === key}
              />
            )}
          />
        </table>
      </Scroll>
    </section>
  );
}

function keyOf({ host, namespace = '', pod = '', name }: FleetContainer): string {
  return [host, namespace, pod, name].join(' ');
}

function Line({
  container,
  host,
  isOfOne,
  rowKey,
  isSelected,
}: {
  container: FleetContainer;
  host: FleetHost | undefined;
  isOfOne: boolean;
  rowKey: string;
  isSelected: boolean;
}) {
  const { name, namespace, pod, image, runtime, problems, descriptors } = container;
  const page = containerPage(host, container);
  const severity = problems[0]?.severity;
  const sub =
    pod === undefined
      ? (image?.replace(/^.*\//, '').replace(/@sha256:.*/, '') ?? runtime ?? '')
      : `${namespace ?? ''}/${pod}`;
  const rules = problems.map(({ rule }) => shown(rule)).join(', ');
  return (
    <tr data-row={rowKey} aria-selected={isSelected} class={severity === undefined ? 'calm' : ''}>
      <td class="m-sev">{severity !== undefined && <SeverityMark severity={severity} />}</td>
      <td class="m-name">
        {page === undefined ? (
          <span class="name" title={shown(name)}>
            {shown(name)}
          </span>
        ) : (
          <a class="name" href={page} target="_blank" rel="noreferrer" title={shown(name)}>
            {shown(name)}
          </a>
        )}
        <span class="sub">{shown(sub)}</span>
      </td>
      {!isOfOne && (
        <td class="m-wide">
          <a class="muted" href={hostsLink(container.host)}>
            {shown(host?.host ?? container.instance)}
          </a>
        </td>
      )}
      <td class="problem m-wide" title={rules}>
        <span class="clamped">{rules === '' ? '–' : rules}</span>
      </td>
      <Count value={container.open} label="open TCP" />
      <Count value={container.closeWait} label="CLOSE_WAIT" />
      <td class="num m-hide">{container.timeWait === undefined ? '–' : countText(container.timeWait)}</td>
      <td class="descriptors m-hide">
        {descriptors === undefined ? (
          <span class="zero">–</span>
        ) : (
          <>
            <span class="pair">
              {countText(descriptors.used)}
              <span class="faint">{descriptors.limit === undefined ? 'no limit' : countText(descriptors.limit)}</span>
            </span>
            {descriptors.limit !== undefined && (
              <Meter used={descriptors.used} limit={descriptors.limit} name={`Descriptors of ${shown(name)}`} />
            )}
          </>
        )}
      </td>
    </tr>
  );
}
