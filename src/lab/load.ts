import type { LoadPlan, LoadReport, LoadSecond } from '../model/report/load-report.ts';
import { LoadCounter } from './load-counter.ts';
import { Senders } from './senders.ts';

/** How often new connections are made. */
const OPENING_MS = 50;

/**
 * An open-loop load: requests are due when the plan says so, however long the answers take, and a
 * request's time counts from when it was due. They come in waves, as the webhooks of many senders do
 * that wait for the same event.
 *
 * @param onSecond is given each second when it is over
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
  /** Share of the goal that is due now. */
  const risen = () => Math.min(elapsed() / plan.rampMs, 1);
  const loading = () => elapsed() < plan.rampMs + plan.holdMs;
  let second = new LoadCounter();

  const senders = new Senders(target, (latencyMs, error) => {
    for (const counter of risen() === 1 && loading() ? [all, second, atGoal] : [all, second]) {
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
    if (loading()) senders.send(Math.round(plan.wave * risen()));
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

/** Most clients have come when the load is at six tenths of its goal; late ones come in the last half of its stay. */
function connectionsDue({ connections, lateConnections, rampMs, holdMs }: LoadPlan, elapsedMs: number): number {
  const share = (from: number, to: number) => Math.min(Math.max((elapsedMs - from) / (to - from), 0), 1);
  const late = (lateConnections - connections) * share(rampMs + holdMs * 0.5, rampMs + holdMs * 0.9);
  return Math.ceil(connections * share(0, rampMs * 0.6) + late);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}
