import os from 'node:os';
import { Failure } from '../../model/failure.ts';
import { hostOf, type Receiver } from '../../serve/alerts/receiver.ts';
import { sendMessage } from '../../serve/alerts/sender.ts';
import { testMessage } from '../../serve/alerts/test-message.ts';
import type { CommandContext } from '../context.ts';

/**
 * `serve --test-alert RECEIVER`: sends one message that says it is a test.
 *
 * @throws {Failure} `io` when it does not take the message
 */
export async function sendTestAlert(
  { out, stopSignal }: CommandContext,
  receiver: Receiver,
  pageUrl: string,
): Promise<void> {
  const stop = stopSignal?.() ?? new AbortController().signal;
  const outcome = await sendMessage(receiver, testMessage(os.hostname(), pageUrl, Date.now()), stop);
  const whom = `${receiver.name} (${hostOf(receiver)})`;
  if (outcome.kind !== 'sent') throw new Failure('io', `${whom} did not take the test alert: ${outcome.reason}`);
  out.write(`${whom} took the test alert.\n`);
}
