/** Sends a request to the Engine at an endpoint as the current user, and prints the result: `denied: …`. */
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { connectUnixStream } from '../../src/kernel/unix-stream.ts';
import { dockerRuntimes } from '../../src/runtimes/docker/docker-runtimes.ts';
import { RuntimeError } from '../../src/runtimes/runtime.ts';

const [endpoint, way] = process.argv.slice(2);
const env = endpoint === undefined ? {} : { DOCKER_HOST: endpoint };
const [runtime] = dockerRuntimes(
  env,
  '/nonexistent',
  way === 'blocking'
    ? { connectUnix: (file, timeoutMs) => connectUnixStream(koffiSystemCalls(), file, timeoutMs) }
    : {},
);
try {
  const containers = await runtime?.list();
  process.stdout.write(`${containers?.length} containers\n`);
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error;
  process.stdout.write(`${error.kind}: ${error.message}\n`);
}
