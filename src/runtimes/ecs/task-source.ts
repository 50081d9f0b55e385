import { LazyRuntime } from '../lazy-runtime.ts';
import type { RuntimeSource } from '../runtime-source.ts';

/** The metadata endpoint of the task that this process runs in: its agent sets the variable in every container. */
export function taskSource(env: Readonly<Record<string, string | undefined>>): RuntimeSource {
  const uri = env.ECS_CONTAINER_METADATA_URI_V4;
  const load = async (endpoint: string) => new (await import('./task-runtime.ts')).TaskRuntime(endpoint);
  return {
    processNames: [],
    find: () =>
      uri === undefined || uri === '' ? [] : [{ key: uri, open: () => new LazyRuntime('ecs', uri, () => load(uri)) }],
  };
}
