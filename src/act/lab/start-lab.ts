import { koffiSystemCalls } from '../../kernel/koffi-system-calls.ts';
import { SystemCallError, type SystemCalls } from '../../kernel/system-calls.ts';
import { Failure } from '../../model/failure.ts';
import { Lab, type LabOptions } from './lab.ts';

/** What the founding incident had. */
const INCIDENT: LabOptions = {
  name: 'lab',
  namesFolder: '/run/netns',
  instances: 4,
  maxIdle: 50,
  maxOpen: 0,
  nofile: 1024,
  maxConnections: 151,
  workers: 16,
};

/**
 * Starts the founding incident's machines: a database stand-in, instances of a webhook receiver, a
 * balancer and a load, each a process in a network namespace of its own. All of it ends with this
 * process, however that ends.
 *
 * @param options what is to be otherwise than in the incident
 * @throws {Failure} `not-permitted` without CAP_SYS_ADMIN and CAP_NET_ADMIN, `unsupported` where the
 *   kernel has no veth
 */
export async function startLab(
  options: Partial<LabOptions> = {},
  calls: SystemCalls = koffiSystemCalls(),
): Promise<Lab> {
  const lab = new Lab({ ...INCIDENT, ...options }, calls);
  try {
    await lab.start();
    return lab;
  } catch (error) {
    await lab.stop();
    throw failureOf(error);
  }
}

function failureOf(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (error instanceof SystemCallError && code === 'EPERM') {
    const message = `the lab makes network namespaces: ${error.syscall} is not permitted (it needs CAP_SYS_ADMIN, run as root)`;
    return new Failure('not-permitted', message, { cause: error });
  }
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') {
    return new Failure('unsupported', 'the lab joins its namespaces by veth pairs, and this kernel has none', {
      cause: error,
    });
  }
  return error;
}
