/** How a layer of a chart, a swatch and a part of a bar are filled: a colour token, and a pattern where colours alone would be too alike. */
export interface Paint {
  /** Token without its two dashes. */
  token: string;
  pattern?: 'diagonal' | 'back-diagonal' | 'dots' | 'horizontal' | 'vertical' | 'cross' | 'wide-diagonal';
  /** Part of the colour on the panel, per cent; 100 where absent. */
  mix?: number;
}

/** All paints, by name; the style sheet has the same names with `f-` before them. */
export const PAINTS = {
  listen: { token: 'state-listen' },
  established: { token: 'state-established', mix: 74 },
  'syn-sent': { token: 'state-syn-sent', pattern: 'diagonal' },
  'syn-recv': { token: 'state-syn-recv', pattern: 'dots' },
  'fin-wait1': { token: 'state-fin-wait1', pattern: 'horizontal' },
  'fin-wait2': { token: 'state-fin-wait2', pattern: 'horizontal' },
  closing: { token: 'state-closing', pattern: 'cross' },
  'last-ack': { token: 'state-last-ack', pattern: 'vertical' },
  'close-wait': { token: 'state-close-wait', pattern: 'back-diagonal' },
  close: { token: 'state-close', mix: 40 },
  'time-wait': { token: 'state-time-wait', mix: 62 },
  idle: { token: 'state-established', mix: 26 },
  undivided: { token: 'state-established', mix: 50 },
  ink: { token: 'ink-3', mix: 62 },
  opened: { token: 'ink' },
  closed: { token: 'ink-3' },
  longest: { token: 'line-strong' },
  failed: { token: 'critical-fill', pattern: 'wide-diagonal' },
  reset: { token: 'critical-fill' },
  'timed-out': { token: 'warning-fill', pattern: 'horizontal' },
  'no-answer': { token: 'warning-fill', pattern: 'dots' },
  unsuccessful: { token: 'critical-fill', pattern: 'cross' },
  aborted: { token: 'ink-3', pattern: 'diagonal' },
  'never-accepted': { token: 'ink-2', pattern: 'dots' },
  'time-wait-2': { token: 'state-time-wait', pattern: 'diagonal' },
  'time-wait-3': { token: 'state-time-wait', pattern: 'dots' },
  'time-wait-undivided': { token: 'state-time-wait', mix: 44 },
  'time-wait-others': { token: 'state-time-wait', mix: 26 },
} as const satisfies Record<string, Paint>;

export type PaintName = keyof typeof PAINTS;

/** States of open TCP sockets from the bottom of a stack to its top: trouble is where its edge is seen. */
export const STACKED_STATES: readonly { state: string; paint: PaintName }[] = [
  { state: 'CLOSE', paint: 'close' },
  { state: 'LISTEN', paint: 'listen' },
  { state: 'ESTABLISHED', paint: 'established' },
  { state: 'SYN_SENT', paint: 'syn-sent' },
  { state: 'SYN_RECV', paint: 'syn-recv' },
  { state: 'FIN_WAIT1', paint: 'fin-wait1' },
  { state: 'FIN_WAIT2', paint: 'fin-wait2' },
  { state: 'CLOSING', paint: 'closing' },
  { state: 'LAST_ACK', paint: 'last-ack' },
  { state: 'CLOSE_WAIT', paint: 'close-wait' },
];
