import { startLab } from '../../act/lab/start-lab.ts';
import { INCIDENT, type LabContext } from './lab-context.ts';

/** The lab as processes of socklens. */
export const namespaceLab: LabContext = {
  what: 'small processes in their own network namespaces; no traffic leaves this machine',
  ...INCIDENT,
  async start({ maxOpen, nofile }, queryMs) {
    const lab = await startLab({ ...INCIDENT, maxOpen, nofile });
    const database = lab.members.find(({ role }) => role === 'database');
    const receivers = lab.members.filter(({ role }) => role === 'webhook');
    if (queryMs !== undefined) await lab.setQueryTime(queryMs);
    return {
      receivers: receivers.map(({ target }) => target),
      database: database?.target ?? '',
      databaseAddress: database?.address ?? '',
      names: new Map(lab.members.map(({ address, title }) => [address, title])),
      calibrate: () => lab.calibrate(),
      plan: (capacity) => lab.plan(capacity),
      load: (plan, onSecond) => lab.load(plan, onSecond),
      stop: () => lab.stop(),
    };
  },
};
