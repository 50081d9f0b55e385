/** The lab's balancer: forwards each connection to the next instance in turn. */
import net from 'node:net';
import { type BalancerSettings, LAB_PORT } from '../../model/report/lab-settings.ts';
import { beProgram, report } from '../program.ts';

const { turns } = beProgram<BalancerSettings>();
let turn = 0;

const server = net.createServer({ noDelay: true }, (client) => {
  const instance = net.connect({ host: turns[turn++ % turns.length] ?? '', port: LAB_PORT.WEBHOOK, noDelay: true });
  for (const [from, to] of [
    [client, instance],
    [instance, client],
  ] as const) {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
});
server.listen({ port: LAB_PORT.BALANCER, host: '0.0.0.0', backlog: 4096 }, () => report({ type: 'ready' }));
