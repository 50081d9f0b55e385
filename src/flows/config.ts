import { type Config, readConfig as readFile } from '../collect/config-file.ts';

/** See `collect/config-file.ts`. @throws {Failure} `usage` */
export function readConfig(path: string | undefined): Promise<Config> {
  return readFile(path);
}
