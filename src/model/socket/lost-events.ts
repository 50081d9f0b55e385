/** Why events are missing: docs/events.md, "Not covered". */
export const EVENTS_DROPPED =
  'the kernel dropped events because its buffer was full, or did not run the eBPF program for them';
