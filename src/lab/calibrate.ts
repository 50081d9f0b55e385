import { Sender } from './sender.ts';

/**
 * What the machine can do: so many senders, each with its next request as soon as it has an answer.
 *
 * @returns answers with status 200 per second
 */
export async function calibrate(target: { host: string; port: number }, senders: number, ms: number): Promise<number> {
  let served = 0;
  let over = false;
  const start = performance.now();
  const again = (sender: Sender) => {
    if (over) return;
    sender.send('WEBHOOK', (error) => {
      if (error === undefined && !over) served++;
    });
  };
  const all = Array.from({ length: senders }, () => new Sender(target, again, () => {}));
  for (const sender of all) again(sender);
  await new Promise((resolve) => setTimeout(resolve, ms));
  over = true;
  const seconds = (performance.now() - start) / 1000;
  for (const sender of all) sender.close();
  return Math.round(served / seconds);
}
