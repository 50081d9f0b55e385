/** The lab's database stand-in. Order: `{queryMs}`, which applies from the next query. */
import { type DatabaseSettings, LAB_PORT } from '../../model/report/lab-settings.ts';
import { DatabaseServer } from '../database-server.ts';
import { beProgram, report } from '../program.ts';

const settings = beProgram<DatabaseSettings>((order) => {
  Object.assign(server.behaviour, order);
  report({ type: 'done' });
});
const server = new DatabaseServer(settings);
void server.listen(LAB_PORT.DATABASE, '0.0.0.0').then(() => report({ type: 'ready' }));
setInterval(() => report({ type: 'database', ...server.counts }), 1000);
