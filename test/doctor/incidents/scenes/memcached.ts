/** memcached and its clients. */
import { startMemcached } from '../../../support/software/memcached.ts';
import type { Incident } from '../incident.ts';

/** Workers that connect at the same time and keep their connection: COUNT. */
const WORKERS = `
import asyncio, sys
held = []
async def connect():
    reader, writer = await asyncio.open_connection("10.20.0.2", 11211)
    writer.write(b"version\\r\\n")
    held.append(writer)
    await reader.read(100)
    print("open", len(held))
    await asyncio.sleep(1000)
async def main():
    print("ready")
    await asyncio.gather(*(connect() for _ in range(int(sys.argv[1]))))
asyncio.run(main())
`;

export const MEMCACHED: readonly Incident[] = [
  {
    name: 'memcached-connection-limit',
    report: 'https://github.com/docker-library/memcached/issues/18',
    story: 'Persistent connections of many workers reach -c; memcached stops accepting and the next clients hang.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startMemcached(cache, { connections: 100, args: ['-o', 'no_maxconns_fast'] });
      await stage.python(app, WORKERS, { args: ['70'] });
      await stage.reached(
        'connections',
        () => stage.count(cache, 'state', 'established', 'sport', '=', ':11211') >= 70,
      );
      await stage.python(app, WORKERS, { args: ['60'] });
      // It takes the backlog away too when it is full: some wait in the queue, the others have no answer.
      const waiting = () => stage.queued(cache, 11211) + stage.count(app, 'state', 'syn-sent');
      await stage.reached('clients that wait', () => waiting() >= 20);
    },
    expected: {
      rules: ['CONNECTION_CAP', 'NOFILE_ACCEPT_STARVED', 'NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH'],
      place: /11211|memcached/,
      says: [/-c\b/],
      never: [/--ulimit|prlimit|LimitNOFILE|somaxconn/i],
      beside: ['LISTEN_OVERFLOW', 'ACCEPT_STUCK', 'POOL_OVERRUN', 'SYN_SENT_STUCK'],
    },
  },
];
