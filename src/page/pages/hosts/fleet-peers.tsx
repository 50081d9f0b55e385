import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { FleetPeersAnswer } from '../../../serve/protocol/hosts.ts';
import { Blank } from '../../components/blank.tsx';
import { Scroll } from '../../components/scroll.tsx';
import { num, TableHead } from '../../components/table-head.tsx';
import { TYPING_MS } from '../../state/pause.ts';
import { usePolled } from '../../state/polled.ts';
import { route } from '../../state/route.ts';
import { countText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { Loading, NothingMatches, StoreFault, Warnings } from './states.tsx';

/** A question about every peer of every container: less often than the others. */
const EVERY_MS = 30_000;

/** To whom containers of all hosts connect, by the names that the hosts know. The filter is a part of a name. */
export function FleetPeers() {
  const { filter } = route.value;
  const name = useSignal(filter);
  useEffect(() => {
    const timer = setTimeout(() => {
      name.value = filter;
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [filter, name]);
  const asked = name.value.trim();
  const question = { path: 'hosts/peers', ...(asked !== '' && { options: { name: asked } }) };
  const { answer, fault } = usePolled<FleetPeersAnswer>(question, EVERY_MS);
  if (answer === undefined) return fault === undefined ? <Loading /> : <StoreFault text={fault} />;
  const { peers } = answer;
  return (
    <>
      {fault !== undefined && <StoreFault text={fault} />}
      <Warnings warnings={answer.warnings} />
      {peers.length > 0 ? (
        <section class="panel hosts" aria-label="Peers">
          <div class="panel-head">
            <h2>Peers</h2>
            <span class="faint">
              the {countText(peers.length)} with most connections{answer.isCut === true && '; there are more'}
            </span>
          </div>
          <Scroll label="Peers">
            <table>
              <TableHead columns={['Peer', num('Connections'), num('Containers'), num('Hosts')]} />
              <tbody>
                {peers.map(({ peer, port, connections, containers, hosts }) => (
                  <tr key={`${peer} ${port ?? ''}`}>
                    <td>
                      <span class="name">{shown(peer)}</span>
                      {port !== undefined && <span class="muted">:{port}</span>}
                    </td>
                    <td class="num">{countText(connections)}</td>
                    <td class="num">{countText(containers)}</td>
                    <td class="num">{countText(hosts)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      ) : asked !== '' ? (
        <NothingMatches what="peer" />
      ) : (
        <Blank
          title="No peers with a name"
          text="Peers are known by names of containers and of /etc/hosts; others are together, as external."
        />
      )}
    </>
  );
}
