import type { LoadPlan, LoadReport, LoadSecond } from '../model/report/load-report.ts';
import { LoadCounter } from './load-counter.ts';
import { Senders } from './senders.ts';

/** Interval at which new connections are opened, milliseconds. */
const OPENING_MS = 50;

/**
 * Runs an open-loop load: requests are due at the plan's times, however long the answers take, and latency counts from
 * the time when a request was due. Requests are sent in waves, like webhooks that many senders send on the same event.
 *
 * @param target address of the balancer
 * @param onSecond called with the counts of each second
 */
export async function runLoad(
  target: { host: string; port: number },
  plan: LoadPlan,
  onSecond: (second: LoadSecond) => void,
): Promise<LoadReport> {
  const all = new LoadCounter();
  const atGoal = new LoadCounter();
  const seconds: LoadSecond[] = [];
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  /** Current load as a share of the goal. */
  const level = () => Math.min(elapsed() / plan.rampMs, 1);
  const loading = () => elapsed() < plan.rampMs + plan.holdMs;
  let second = new LoadCounter();

  const senders = new Senders(target, (latencyMs, error) => {
    for (const counter of level() === 1 && loading() ? [all, second, atGoal] : [all, second]) {
      counter.add(latencyMs, error);
    }
  });
  const opening = setInterval(() => {
    if (loading()) senders.keepOpen(connectionsDue(plan, elapsed()));
  }, OPENING_MS);
  const endSecond = () => {
    const { connections, pending } = senders;
    const done: LoadSecond = { type: 'second', second: seconds.length + 1, connections, pending, ...second.counts() };
    seconds.push(done);
    onSecond(done);
    second = new LoadCounter();
  };
  const reporting = setInterval(endSecond, 1000);

  const between = (1000 * plan.wave) / plan.goal;
  for (let due = between; loading(); due += between) {
    await sleep(start + due - performance.now());
    if (loading()) senders.send(Math.round(plan.wave * level()));
  }
  await senders.answered();
  await sleep(plan.quietMs);
  clearInterval(opening);
  clearInterval(reporting);
  endSecond();
  senders.close();
  const servedAtGoal = Math.round((atGoal.served * 1000) / plan.holdMs);
  return { type: 'load', goal: plan.goal, servedAtGoal, ...all.counts(), seconds };
}

/**
 * Number of connections that should be open: most open until the load is at 60 % of its goal, late ones from 50 to 90 %
 * of the hold time.
 */
function connectionsDue({ connections, lateConnections, rampMs, holdMs }: LoadPlan, elapsedMs: number): number {
  const share = (from: number, to: number) => Math.min(Math.max((elapsedMs - from) / (to - from), 0), 1);
  const late = (lateConnections - connections) * share(rampMs + holdMs * 0.5, rampMs + holdMs * 0.9);
  return Math.ceil(connections * share(0, rampMs * 0.6) + late);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}
