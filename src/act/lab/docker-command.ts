import { execFile } from 'node:child_process';
import { Failure } from '../../model/failure.ts';

/** Long answers are lists of containers; pulling an image takes a while. */
const LIMITS = { maxBuffer: 16 * 1024 * 1024, timeout: 10 * 60_000 };

/** Runs Docker's command line. */
export class DockerCommand {
  readonly #env: Readonly<Record<string, string | undefined>>;

  /** @param env with DOCKER_HOST or DOCKER_CONTEXT, as the command itself takes them */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /**
   * @returns what it wrote to stdout, without the last line's end
   * @throws {Failure} `unsupported` where there is no `docker` or no Engine answers or it refuses; in
   *   the Engine's own words
   */
  run(...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile('docker', args, { ...LIMITS, env: this.#env }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trimEnd());
        else reject(failureOf(error, args[0] ?? '', stderr));
      });
      child.stdin?.end();
    });
  }
}

function failureOf(error: Error & { code?: unknown }, verb: string, stderr: string): Failure {
  if (error.code === 'ENOENT') {
    return new Failure('unsupported', 'the lab in containers needs the docker command line', { cause: error });
  }
  const [reason = ''] = (stderr.trim() || error.message).split('\n').slice(-1);
  return new Failure('unsupported', `docker ${verb}: ${reason}`, { cause: error });
}
