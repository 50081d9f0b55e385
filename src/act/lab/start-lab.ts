import { whyDenied } from '../../collect/permissions.ts';
import { koffiSystemCalls } from '../../kernel/koffi-system-calls.ts';
import { SystemCallError, type SystemCalls } from '../../kernel/system-calls.ts';
import { Failure } from '../../model/failure.ts';
import { Lab, type LabOptions } from './lab.ts';

/** Settings of the incident. */
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
 * Starts the parts of the incident: a database stand-in, instances of a webhook receiver, a balancer and a load, each a
 * process in a network namespace of its own. They exit with this process, however it ends.
 *
 * @param options settings that differ from the incident's
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
  // Of a system call, or of a message that configures a namespace.
  if (code === 'EPERM') {
    const step = error instanceof SystemCallError ? error.syscall : 'configuring them';
    const why = whyDenied({ proc: '/proc' }, ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN']);
    const message = `the lab creates network namespaces: ${step} is not permitted: ${why}`;
    return new Failure('not-permitted', message, { cause: error });
  }
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') {
    return new Failure(
      'unsupported',
      'the lab connects its namespaces by veth pairs, which this kernel does not support',
      {
        cause: error,
      },
    );
  }
  return error;
}
