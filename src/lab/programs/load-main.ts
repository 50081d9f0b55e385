/** The lab's load. Orders: `{calibrate: {senders, ms}}` and `{load: LoadPlan}`, one at a time. */
import { LAB_PORT, type LoaderSettings } from '../../model/report/lab-settings.ts';
import type { LoadPlan } from '../../model/report/load-report.ts';
import { calibrate } from '../calibrate.ts';
import { runLoad } from '../load.ts';
import { beProgram, report } from '../program.ts';

interface Order {
  calibrate?: { senders: number; ms: number };
  load?: LoadPlan;
}

const settings = beProgram<LoaderSettings>((order) => void follow(order as Order));
const target = { host: settings.balancer, port: LAB_PORT.BALANCER };

async function follow(order: Order): Promise<void> {
  if (order.calibrate !== undefined) {
    const { senders, ms } = order.calibrate;
    report({ type: 'calibrated', perSecond: await calibrate(target, senders, ms) });
  }
  if (order.load !== undefined) report(await runLoad(target, order.load, report));
}

report({ type: 'ready' });
