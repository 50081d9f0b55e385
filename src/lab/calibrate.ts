import { Sender } from './sender.ts';

/**
 * Measures the capacity of the machine: each sender sends its next request as soon as it has an answer.
 *
 * @param senders number of senders
 * @param ms duration of the measurement, milliseconds
 * @returns answers with status 200 per second
 */
export async function calibrate(target: { host: string; port: number }, senders: number, ms: number): Promise<number> {
  let served = 0;
  let isOver = false;
  const start = performance.now();
  const sendNext = (sender: Sender) => {
    if (isOver) return;
    sender.send('WEBHOOK', (error) => {
      if (error === undefined && !isOver) served++;
    });
  };
  const all = Array.from({ length: senders }, () => new Sender(target, sendNext, () => {}));
  for (const sender of all) sendNext(sender);
  await new Promise((resolve) => setTimeout(resolve, ms));
  isOver = true;
  const seconds = (performance.now() - start) / 1000;
  for (const sender of all) sender.close();
  return Math.round(served / seconds);
}
