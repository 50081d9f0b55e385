/** States of TCP as OpenTelemetry's semantic conventions spell them (network.connection.state), by netstat's names. */
const WORDS: Readonly<Record<string, string>> = {
  ESTABLISHED: 'established',
  LISTEN: 'listen',
  SYN_SENT: 'syn_sent',
  SYN_RECV: 'syn_received',
  FIN_WAIT1: 'fin_wait_1',
  FIN_WAIT2: 'fin_wait_2',
  TIME_WAIT: 'time_wait',
  CLOSE_WAIT: 'close_wait',
  LAST_ACK: 'last_ack',
  CLOSING: 'closing',
  CLOSE: 'closed',
};

/** The words, in the order of netstat's display. */
export const STATE_WORDS: readonly string[] = Object.values(WORDS);

const STATES: ReadonlyMap<string, string> = new Map(Object.entries(WORDS).map(([state, word]) => [word, state]));

/** @param state as netstat spells it @returns `unknown` for a state that is none */
export function stateWord(state: string): string {
  return WORDS[state] ?? 'unknown';
}

/** The state of a word, as netstat spells it; undefined for a word that is none. */
export function stateOfWord(word: string): string | undefined {
  return STATES.get(word);
}

/** An outcome in the words of metrics: `no_answer`. */
export function outcomeWord(outcome: string): string {
  return outcome.replaceAll('-', '_');
}
