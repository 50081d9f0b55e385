import { execFile } from 'node:child_process';
import { Failure } from '../../model/failure.ts';

/** Bytes of the longest output, a list of containers; and milliseconds of the longest command, which pulls an image. */
const LIMITS = { maxBuffer: 16 * 1024 * 1024, timeout: 10 * 60_000 };

/** Runs Docker's command line. */
export class DockerCommand {
  readonly #env: Readonly<Record<string, string | undefined>>;

  /** @param env with DOCKER_HOST or DOCKER_CONTEXT, as the command itself takes them */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /**
   * Runs a command of `docker`.
   *
   * @returns its standard output without the trailing newline
   * @throws {Failure} `unsupported` without a `docker` program, and when the command fails, with the last line of its
   *   error output
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
