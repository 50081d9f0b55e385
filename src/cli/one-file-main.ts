/**
 * The start of the one file (`scripts/build-binary.sh`): the command line, and the programs of the lab, which are files
 * of their own elsewhere. The lab starts them by the verb `lab-program`, which nothing lists.
 */
import { LAB_PROGRAM_VERB } from '../packaged/lab-program-verb.ts';

const LAB_PROGRAMS: Readonly<Record<string, () => Promise<unknown>>> = {
  database: () => import('../lab/programs/database-main.ts'),
  webhook: () => import('../lab/programs/webhook-main.ts'),
  balancer: () => import('../lab/programs/balancer-main.ts'),
  load: () => import('../lab/programs/load-main.ts'),
};

const [verb, program = ''] = process.argv.slice(2);
const start = verb === LAB_PROGRAM_VERB ? LAB_PROGRAMS[program] : undefined;
await (start === undefined ? import('./main.ts') : start());
