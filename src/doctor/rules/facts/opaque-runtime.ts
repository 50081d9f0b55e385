import type { Finding } from '../../../model/finding/finding.ts';
import type { WatchedContainer } from '../../../model/netns/netns.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { fact } from '../../facts.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, rule, type SocketHolder } from '../../rule.ts';

/** A guest with a network stack of its own. */
export const opaqueRuntime = rule({
  name: 'OPAQUE_RUNTIME',
  title: 'Containers whose sockets the host cannot see',
  settings: {},
  judge: perNamespace(byRuntime, byProcess),
});

/** Runtimes by the names that they are registered under. */
const RUNTIME = /(^|[./-])(kata|runsc|gvisor|firecracker)([./-]|$)/i;

/** Virtual machine monitors and gVisor's kernel by their command names, which the kernel cuts to 15 bytes. */
const MONITOR = /^(qemu-system-|firecracker$|cloud-hyperviso|runsc)/;

function byRuntime({ namespace }: NetnsSeries): Fault[] {
  return namespace.containers.filter(isOpaque).map(({ name, declared }) => {
    const evidence = { what: 'runs under', value: declared?.ociRuntime ?? '', source: 'the runtime' };
    return opaque({ container: name }, name, evidence);
  });
}

function isOpaque({ declared }: WatchedContainer): boolean {
  return RUNTIME.test(declared?.ociRuntime ?? '');
}

function byProcess({ namespace, samples }: NetnsSeries): Fault[] {
  const processes = samples.findLast((sample) => sample.processes !== undefined)?.processes ?? [];
  const reported = new Set<string | undefined>(namespace.containers.filter(isOpaque).map(({ name }) => name));
  return processes
    .filter(({ name, container }) => MONITOR.test(name) && !reported.has(container))
    .map(({ pid, name, container }) => {
      const holder = { process: { pid, name }, ...(container !== undefined && { container }) };
      const evidence = { what: 'a virtual machine monitor', value: `${pid}/${name}`, source: '/proc' };
      return opaque(holder, `the guest of ${name}`, evidence);
    });
}

function opaque(holder: SocketHolder, guest: string, evidence: Finding['evidence'][number]): Fault {
  return fact({
    holder,
    summary: `${guest} has a network stack of its own: its sockets are not visible from the host, only those of the program that runs it`,
    evidence: [evidence],
    fixes: [{ where: 'the guest', text: 'inspect it from inside: the host cannot see its sockets' }],
    byHand: "docker inspect -f '{{.HostConfig.Runtime}}' NAME; ps -e",
  });
}
