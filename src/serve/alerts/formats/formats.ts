import type { Message, Post } from '../message.ts';
import type { Receiver, ReceiverType } from '../receiver.ts';
import { alertmanagerPost } from './alertmanager.ts';
import { discordPost } from './discord.ts';
import { ntfyPost } from './ntfy.ts';
import { slackPost } from './slack.ts';
import { webhookPost } from './webhook.ts';

/** How a type of receiver is written to. */
interface Format {
  /** Makes the request of a message. */
  post(receiver: Receiver, message: Message): Post;
  /** Shortest time between two messages, milliseconds: chats limit them. */
  paceMs: number;
  /** Whether the receiver groups and repeats by itself: it is told of everything at once. */
  groupsItself: boolean;
}

/** Every type of receiver. */
export const FORMATS: Readonly<Record<ReceiverType, Format>> = {
  slack: { post: slackPost, paceMs: 1000, groupsItself: false },
  // Thirty a minute.
  discord: { post: discordPost, paceMs: 2000, groupsItself: false },
  ntfy: { post: ntfyPost, paceMs: 1000, groupsItself: false },
  webhook: { post: webhookPost, paceMs: 0, groupsItself: false },
  alertmanager: { post: alertmanagerPost, paceMs: 0, groupsItself: true },
};
