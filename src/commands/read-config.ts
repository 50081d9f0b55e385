import { type Config, readConfig as readFile } from '../collect/config/config-file.ts';
import { trustedOwners } from '../collect/config/config-trust.ts';

/** See `collect/config/config-file.ts`; for the user of this process. @throws {Failure} `usage` */
export function readConfig(path: string | undefined): Promise<Config> {
  return readFile(path, trustedOwners(process.geteuid?.() ?? 0, process.env));
}
