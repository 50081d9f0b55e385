import { type Config, readConfig as readFile, SERVICE_FILE } from '../collect/config/config-file.ts';
import { trustedOwners } from '../collect/config/config-trust.ts';
import { RULES } from '../doctor/catalogue.ts';
import { unknownRule } from '../doctor/chosen-rules.ts';
import type { Declarations } from '../doctor/rule.ts';
import { parseEndpointNumber, parseSetting, SETTING_FORMS } from '../doctor/settings/setting-text.ts';
import { Failure } from '../model/failure.ts';
import type { IgnoreEntry } from '../model/finding/ignored.ts';

/** Settings of the command line, as typed. */
export interface GivenSettings {
  /** `CLOSE_WAIT_LEAK.minAgeMs=10s`. */
  set: readonly string[];
  /** `db:3306=50`. */
  pools: readonly string[];
  /** `db:3306=151`. */
  serverLimits: readonly string[];
  /** `4`, `webhook=4`. */
  replicas: readonly string[];
}

/** Settings and declarations in force for the doctor's rules. */
export interface DoctorSettings {
  settings: Readonly<Record<string, Readonly<Record<string, number>>>>;
  declared: Declarations;
  /** Findings that are ignored on purpose. */
  ignore: readonly IgnoreEntry[];
}

/**
 * Settings in force: the command line before the file, the file before the defaults.
 *
 * @throws {Failure} `usage` for an unknown rule or setting and for an invalid value
 */
export function doctorSettings(given: GivenSettings, config: Config): DoctorSettings {
  const settings: Record<string, Record<string, number>> = {};
  const put = (ruleName: string, name: string, text: string, where: string) => {
    const values = settings[ruleName] ?? {};
    settings[ruleName] = values;
    values[name] = settingValue(ruleName, name, text, where);
  };
  for (const [ruleName, values] of Object.entries(config.doctor?.rules ?? {})) {
    for (const [name, value] of Object.entries(values)) put(ruleName, name, String(value), config.file);
  }
  for (const text of given.set) {
    const match = /^([A-Z][A-Z0-9_]*)\.(\w+)=(.+)$/.exec(text);
    if (match === null)
      throw new Failure('usage', `--set ${text}: write RULE.setting=value, CLOSE_WAIT_LEAK.minAgeMs=10s`);
    put(match[1] ?? '', match[2] ?? '', match[3] ?? '', '--set');
  }
  // Of several for one endpoint the first is used.
  const pools = [...endpoints(given.pools, '--pool'), ...endpoints(entries(config.pools), `${config.file}: pools:`)];
  const limits = [
    ...endpoints(given.serverLimits, '--server-limit'),
    ...endpoints(entries(config['server-limits']), `${config.file}: server-limits:`),
  ];
  const replicas = [
    ...given.replicas.map((text) => replicasOf(text, '--replicas')),
    ...Object.entries(config.replicas ?? {}).map(([service, count]) => ({ service, count })),
  ];
  return {
    settings,
    ignore: ignoreEntries(config),
    declared: {
      replicas,
      pools: pools.map(({ endpoint, number }) => ({ endpoint, cap: number })),
      serverLimits: limits.map(({ endpoint, number }) => ({ endpoint, limit: number })),
    },
  };
}

/** @throws {Failure} `usage` for an unknown rule */
function ignoreEntries({ file, ignore = [] }: Config): IgnoreEntry[] {
  return ignore.map(({ until, ...entry }) => {
    if (!RULES.some(({ name }) => name === entry.rule)) {
      throw new Failure('usage', `${file}: ignore: ${unknownRule(entry.rule)}`);
    }
    return { ...entry, ...(until !== undefined && { until: until.toISOString() }) };
  });
}

function settingValue(ruleName: string, name: string, text: string, where: string): number {
  const rule = RULES.find((candidate) => candidate.name === ruleName);
  if (rule === undefined) throw new Failure('usage', `${where}: no rule "${ruleName}"; socklens explain lists them`);
  const setting = rule.settings[name];
  if (setting === undefined) {
    const known = Object.keys(rule.settings).join(', ') || 'none';
    throw new Failure('usage', `${where}: ${ruleName} has no setting "${name}"; its settings: ${known}`);
  }
  const value = parseSetting(setting, text);
  if (value === undefined)
    throw new Failure(
      'usage',
      `${where}: ${ruleName}.${name}: invalid value "${text}"; write ${SETTING_FORMS[setting.unit]}`,
    );
  return value;
}

function endpoints(texts: readonly string[], where: string) {
  return texts.map((text) => {
    const parsed = parseEndpointNumber(text);
    if (parsed === undefined) throw new Failure('usage', `${where} ${text}: write HOST:PORT=NUMBER, db:3306=50`);
    return parsed;
  });
}

/** `4`, or `webhook=4`. */
function replicasOf(text: string, where: string): { service?: string; count: number } {
  const [, service, digits] = /^(?:([^=]+)=)?([1-9]\d{0,6})$/.exec(text) ?? [];
  if (digits === undefined) throw new Failure('usage', `${where} ${text}: write N or SERVICE=N, webhook=4`);
  return { ...(service !== undefined && { service }), count: Number(digits) };
}

function entries(numbers: Readonly<Record<string, number>> | undefined): string[] {
  return Object.entries(numbers ?? {}).map(([endpoint, number]) => `${endpoint}=${number}`);
}

/**
 * Reads the configuration file for the user of this process, see `collect/config/config-file.ts`.
 *
 * @param path of `--config`; undefined for socklens.toml in the working directory
 * @throws {Failure} `usage`
 */
export function readConfig(path: string | undefined): Promise<Config> {
  return readFile(path, trustedOwners(process.geteuid?.() ?? 0, process.env));
}

/** As {@link readConfig}, for a service: never from the working folder. */
export function readServiceConfig(path: string | undefined): Promise<Config> {
  return readFile(path, trustedOwners(process.geteuid?.() ?? 0, process.env), SERVICE_FILE);
}
