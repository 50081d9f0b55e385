import { isDocker } from './container-facts.ts';
import { criMethod } from './cri-messages.ts';
import type { EventStream } from './event-streams.ts';
import { Envelope, NAMESPACE_HEADER, nativeMethod, SubscribeRequest, TaskExit } from './native-messages.ts';

/** containerd's own events, which it had before those of CRI. They are those of every namespace, whichever the call names. */
export const OF_CONTAINERD: EventStream = {
  method: nativeMethod('events', 'Subscribe'),
  request: SubscribeRequest.encode({ filters: ['topic~="^/tasks/(start|exit|delete)$"'] }),
  metadata: { [NAMESPACE_HEADER]: 'default' },
  concerns(bytes) {
    const { namespace, topic, event } = Envelope.decode(bytes);
    if (isDocker(namespace)) return false;
    if (topic !== '/tasks/exit' || event === undefined) return true;
    // A health check is a process with an id of its own, which exits every few seconds.
    const { containerId, id } = TaskExit.decode(event.value);
    return id === '' || id === containerId;
  },
};

/** CRI's events: containerd's since 1.7, and CRI-O's where `enable_pod_events` is set. */
export const OF_CRI: EventStream = {
  method: criMethod('GetContainerEvents'),
  request: new Uint8Array(),
  metadata: {},
  concerns: () => true,
};
