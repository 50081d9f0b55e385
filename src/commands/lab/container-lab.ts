import { type ContainerLabOptions, startContainerLab } from '../../act/lab/container-lab.ts';
import { type ContainerRoles, officialRoles } from '../../act/lab/container-roles.ts';
import { planContainers } from '../../act/lab/plan.ts';
import { startLoad } from '../../act/lab/start-load.ts';
import { INCIDENT, type LabContext } from './lab-context.ts';

/** Upper bound for the measured capacity, in requests per second: a faster machine would only get longer waves. */
const MAX_CAPACITY = 600;

/** `connectionLimit` of mysql2 for a pool without a limit, which mysql2 cannot express. */
const NO_LIMIT = 10_000;

/** The incident's limit of open files; the load is derived from it. */
const NOFILE = 1024;

/**
 * The lab as containers.
 *
 * @param roles images and commands; the official images when absent
 * @param env names the Engine, as for the docker command
 */
export function containerLab(
  roles: ContainerRoles = officialRoles(),
  env: Readonly<Record<string, string | undefined>> = process.env,
  name = 'lab',
): LabContext {
  return {
    what: 'containers: MariaDB, four receivers on the pool of mysql2, HAProxy',
    ...INCIDENT,
    async start({ maxOpen, nofile }, queryMs = 1) {
      const settings: Partial<ContainerLabOptions> = { name, nofile, queryMs, maxIdle: INCIDENT.maxIdle };
      const connectionLimit = maxOpen === 0 ? NO_LIMIT : maxOpen;
      const lab = await startContainerLab({ ...settings, connectionLimit }, roles, env);
      const load = await startLoad(lab.balancerAddress);
      return {
        receivers: lab.receivers,
        database: lab.database,
        databaseAddress: '',
        names: new Map(),
        calibrate: async () => Math.min(await load.calibrate(2000), MAX_CAPACITY),
        plan: (capacity) => planContainers({ capacity, maxConnections: INCIDENT.maxConnections, nofile: NOFILE }),
        load: (plan, onSecond) => load.run(plan, onSecond),
        async stop() {
          await load.stop();
          await lab.stop();
        },
      };
    },
  };
}
