/**
 * What the doctor does not get right yet, by the name of the case, with what it says instead. The replay fails for a
 * case that is listed and right: this list can only become shorter (`npm run doctor:score -- --update` does that).
 */

/** Incidents whose right cause is not the first finding, or whose fix would not help. */
export const KNOWN_MISSES: Readonly<Record<string, string>> = {
  'aiohttp-session-per-call': 'missed: nothing said',
};

/** False alarms: about healthy services, and beside the right cause of an incident. */
export const KNOWN_FALSE_ALARMS: Readonly<Record<string, string>> = {
  'listen-backlog-of-five': 'SYN_RECV_FLOOD',
};
