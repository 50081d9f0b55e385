import type { Healthy, Incident } from './incident.ts';
import { APACHE, HEALTHY_APACHE } from './scenes/apache.ts';
import { DJANGO } from './scenes/django.ts';
import { DNS } from './scenes/dns.ts';
import { DOCKER } from './scenes/docker.ts';
import { DOCKER_NAMES, HEALTHY_DOCKER } from './scenes/docker-names.ts';
import { GO } from './scenes/go.ts';
import { HAPROXY } from './scenes/haproxy.ts';
import { HEALTHY_BUSY } from './scenes/healthy-busy.ts';
import { HEALTHY_DATA } from './scenes/healthy-data.ts';
import { HEALTHY_WEB } from './scenes/healthy-web.ts';
import { JAVA } from './scenes/java.ts';
import { LEAKS } from './scenes/leaks.ts';
import { MEMCACHED } from './scenes/memcached.ts';
import { MYSQL } from './scenes/mysql.ts';
import { NGINX } from './scenes/nginx.ts';
import { NODE } from './scenes/node.ts';
import { PATH } from './scenes/path.ts';
import { PGBOUNCER } from './scenes/pgbouncer.ts';
import { PHP } from './scenes/php.ts';
import { POSTGRES } from './scenes/postgres.ts';
import { PYTHON_WEB } from './scenes/python-web.ts';
import { RABBITMQ } from './scenes/rabbitmq.ts';
import { REACH } from './scenes/reach.ts';
import { REDIS } from './scenes/redis.ts';
import { HEALTHY_REFUSALS, REFUSALS } from './scenes/refusals.ts';
import { HEALTHY_UNANSWERED, UNANSWERED } from './scenes/unanswered.ts';
import { HEALTHY_WAITING, WAITING } from './scenes/waiting.ts';

/** Every incident. */
export const INCIDENTS: readonly Incident[] = [
  ...POSTGRES,
  ...PGBOUNCER,
  ...MYSQL,
  ...REDIS,
  ...MEMCACHED,
  ...HAPROXY,
  ...NGINX,
  ...PHP,
  ...PYTHON_WEB,
  ...NODE,
  ...GO,
  ...JAVA,
  ...DNS,
  ...PATH,
  ...RABBITMQ,
  ...DOCKER,
  ...APACHE,
  ...DJANGO,
  ...DOCKER_NAMES,
  ...LEAKS,
  ...REACH,
  ...REFUSALS,
  ...WAITING,
  ...UNANSWERED,
];

/** Every healthy case. */
export const HEALTHY: readonly Healthy[] = [
  ...HEALTHY_DATA,
  ...HEALTHY_WEB,
  ...HEALTHY_APACHE,
  ...HEALTHY_BUSY,
  ...HEALTHY_DOCKER,
  ...HEALTHY_REFUSALS,
  ...HEALTHY_WAITING,
  ...HEALTHY_UNANSWERED,
];

/** Everything that is recorded. */
export const CASES: readonly (Incident | Healthy)[] = [...INCIDENTS, ...HEALTHY];
