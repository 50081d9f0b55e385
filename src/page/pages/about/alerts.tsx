import type { AlertsAnswer, ReceiverAnswer } from '../../../serve/protocol.ts';
import { Scroll } from '../../components/scroll.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { mark, num, TableHead } from '../../components/table-head.tsx';
import { linkTo } from '../../state/route.ts';
import { countText, many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { momentText, utcText } from '../../text/times.ts';

/** Whom problems are sent to, what became of the messages, and what each receiver was told. */
export function Alerts({ receivers, atMs }: AlertsAnswer & { atMs: number }) {
  const failing = receivers.filter(({ error }) => error !== undefined).length;
  return (
    <section class="panel alerts" aria-label="Alerts">
      <div class="panel-head">
        <h2>Alerts</h2>
        <span class="faint">
          {receivers.length === 0
            ? 'sent to nobody: no receiver is configured'
            : `${many(receivers.length, 'receiver')}, counted since serve was started`}
          {failing > 0 && `; ${countText(failing)} of them not reached at the last attempt`}
        </span>
      </div>
      {receivers.length > 0 && (
        <Scroll label="Alerts">
          <table class="compact">
            <TableHead
              columns={[
                mark('State'),
                'Receiver',
                'To',
                'From',
                num('Sent'),
                num('Failed'),
                num('Refused'),
                'Last sent',
                'Told',
              ]}
            />
            <tbody>
              {receivers.map((receiver) => (
                <Line key={receiver.name} receiver={receiver} atMs={atMs} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Line({ receiver, atMs }: { receiver: ReceiverAnswer; atMs: number }) {
  const { name, type, to, severity, sent, failed, refused, lastSentMs, error, alerts } = receiver;
  return (
    <>
      <tr data-receiver={name}>
        <td>{error !== undefined && <SeverityMark severity="warning" />}</td>
        <td>
          {shown(name)} <span class="faint">{type}</span>
        </td>
        <td class="mono">{shown(to)}</td>
        <td class="muted">{severity}</td>
        <td class={`num ${sent === 0 ? 'zero' : ''}`}>{countText(sent)}</td>
        <td class={`num ${failed === 0 ? 'zero' : 'c-warning'}`}>{countText(failed)}</td>
        <td class={`num ${refused === 0 ? 'zero' : 'c-warning'}`}>{countText(refused)}</td>
        <td>
          {lastSentMs === undefined ? (
            <span class="faint">–</span>
          ) : (
            <span title={utcText(lastSentMs)}>{momentText(lastSentMs, atMs)}</span>
          )}
        </td>
        <td>
          <Told alerts={alerts} />
        </td>
      </tr>
      {error !== undefined && (
        <tr class="error-line">
          <td />
          <td colSpan={8} class="c-warning">
            {shown(error)}
          </td>
        </tr>
      )}
    </>
  );
}

/** Words for {@link ReceiverAnswer.alerts}. */
const STATES = { pending: 'not told yet', firing: 'told', resolved: 'over, not told yet' } as const;

function Told({ alerts }: Pick<ReceiverAnswer, 'alerts'>) {
  if (alerts.length === 0) return <span class="faint">nothing</span>;
  return (
    <ul class="told">
      {alerts.map(({ problem, title, state }) => (
        <li key={problem}>
          <a href={linkTo('problems', problem)}>{shown(title)}</a> <span class="faint">{STATES[state]}</span>
        </li>
      ))}
    </ul>
  );
}
