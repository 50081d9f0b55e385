import type { Evidence } from '../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { isProven, settingOf } from '../../model/stack/stack-facts.ts';
import { listenersAt } from '../peers/listeners-at.ts';
import type { RuleInput } from '../rule.ts';
import { stackOf } from '../stacks/stack-of.ts';
import { mostHeld } from './held.ts';
import { type RefusalPoint, refusalPoint } from './refusal-point.ts';
import type { Database, Server } from './servers.ts';

/**
 * How a server's limit is known, the best proof first.
 *
 * * `declared`: with `--server-limit`
 * * `setting`: the value that the running server has, or was started with, read from outside
 * * `refused`: the server refused more while it held so many
 * * `assumed`: the product's default. An assumption: nothing is computed from it
 */
export type LimitProof = 'declared' | 'setting' | 'refused' | 'assumed';

/** How many connections a server accepts, all clients together. */
export interface ServerLimit {
  connections: number;
  proof: LimitProof;
  /** Present where {@link connections} is only about the limit: so the number is shown. */
  isAbout?: true;
  /** The limit as a line of evidence. */
  evidence: Evidence;
}

/** A server that refuses at less than this share of a setting has another one, unless some connections are not seen. */
const REACHED = 0.95;
const UNSEEN = 3;

/** The limit of a server and how it is known; undefined where nothing is known, and for an assumption that more connections disprove. */
export function serverLimitOf(
  input: RuleInput,
  from: NetnsSeries,
  plain: string,
  port: number,
  server: Pick<Server, 'database' | 'declaredLimit' | 'pooler'>,
): ServerLimit | undefined {
  const { database, declaredLimit, pooler } = server;
  const { series } = input;
  if (declaredLimit !== undefined) {
    const evidence = { what: "the server's limit", value: declaredLimit, source: '--server-limit' };
    return { connections: declaredLimit, proof: 'declared', evidence };
  }
  const setting = settingLimit(series, from, plain, port, database);
  const end = { series, from, plain, port, database };
  const point = refusalPoint(end);
  // A file or a command line says what it was started with; the server may have been told another number since.
  const isAnother =
    point?.certainty === 'limit' && setting !== undefined && point.held < setting.connections * REACHED - UNSEEN;
  if (setting !== undefined && (setting.isRunning || !isAnother)) return setting;
  if (point !== undefined && point.certainty !== 'least') return refusalLimit(point);
  return database === undefined || pooler !== undefined ? undefined : assumedLimit(database, mostHeld(end));
}

/** Whether a number may be computed from it. */
export function isProved(
  limit: ServerLimit | undefined,
): limit is ServerLimit & { proof: Exclude<LimitProof, 'assumed'> } {
  return limit !== undefined && limit.proof !== 'assumed';
}

/** The number of a limit for a sentence: `151`, `about 150`. */
export function limitText({ connections, isAbout }: ServerLimit): string {
  return isAbout === true ? `about ${connections}` : String(connections);
}

/** The limit as read of the program that listens; undefined where it is not proved. */
function settingLimit(
  series: Series,
  from: NetnsSeries,
  plain: string,
  port: number,
  database: Database | undefined,
): (ServerLimit & { isRunning: boolean }) | undefined {
  if (database === undefined) return undefined;
  for (const { socket } of listenersAt(series, from, plain, port)) {
    for (const holder of socket.holders) {
      const facts = stackOf(series, holder);
      for (const name of facts === undefined ? [] : database.limitNames) {
        const setting = facts && settingOf(facts, name);
        if (setting === undefined || !isProven(setting) || typeof setting.value !== 'number') continue;
        const { value, proof, path, line } = setting;
        const where = path === undefined ? proof : `${path}${line === undefined ? '' : `:${line}`} (${proof})`;
        const evidence = { what: `${name} of ${facts?.stack ?? database.name}`, value, source: where };
        return { connections: value, proof: 'setting', evidence, isRunning: proof === 'running' };
      }
    }
  }
  return undefined;
}

function refusalLimit({ held, certainty }: RefusalPoint): ServerLimit {
  const evidence = {
    what: `observed limit of the server${certainty === 'about' ? ', about' : ''}: connections that it held while it refused more`,
    value: held,
    source: 'sock_diag of the server, destroy events',
  };
  return { connections: held, proof: 'refused', ...(certainty === 'about' && { isAbout: true }), evidence };
}

function assumedLimit({ name, limitSetting, stockLimit }: Database, held: number): ServerLimit | undefined {
  // More than the default: the limit is another one. One over it is the administrator's.
  if (held > stockLimit + 1) return undefined;
  const evidence = {
    what: `assumed default ${limitSetting} (not measured)`,
    value: stockLimit,
    source: `manual of ${name}`,
  };
  return { connections: stockLimit, proof: 'assumed', evidence };
}
