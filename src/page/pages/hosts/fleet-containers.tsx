import type { FleetContainer, FleetContainersAnswer, FleetHost } from '../../../serve/protocol/hosts.ts';
import { Blank } from '../../components/blank.tsx';
import { usePolled } from '../../state/polled.ts';
import { route } from '../../state/route.ts';
import { matchesNames } from '../../text/words.ts';
import { FleetContainerTable } from './fleet-container-table.tsx';
import { Loading, NothingMatches, StoreFault, Warnings } from './states.tsx';

const EVERY_MS = 10_000;

/** Containers in trouble, of all hosts. */
export function FleetContainers({ hosts }: { hosts: ReadonlyMap<string, FleetHost> }) {
  const { answer, fault } = usePolled<FleetContainersAnswer>({ path: 'hosts/containers' }, EVERY_MS);
  if (answer === undefined) return fault === undefined ? <Loading /> : <StoreFault text={fault} />;
  const { filter } = route.value;
  const wanted = answer.containers.filter((one) => matchesNames(namesOf(one, hosts.get(one.host)), filter));
  return (
    <>
      {fault !== undefined && <StoreFault text={fault} />}
      <Warnings warnings={answer.warnings} />
      {wanted.length > 0 ? (
        <FleetContainerTable containers={wanted} hosts={hosts} isCut={answer.isCut === true} />
      ) : filter.trim() !== '' ? (
        <NothingMatches what="container in trouble" />
      ) : (
        <Blank
          title="No container in trouble"
          text="None has a problem, CLOSE_WAIT, or a process with half of its open files in use."
        />
      )}
    </>
  );
}

/** What the filter may mean of a container. */
export function namesOf(
  { name, image, namespace, pod, problems, instance }: FleetContainer,
  host: FleetHost | undefined,
) {
  const places = [image, namespace, pod, host?.host].filter((one) => one !== undefined);
  return [name, instance, ...places, ...problems.flatMap(({ rule, severity }) => [rule, severity])];
}
