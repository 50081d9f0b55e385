import { dotnet } from './dotnet/dotnet.ts';
import { erlang } from './erlang/erlang.ts';
import { go } from './go/go.ts';
import { java } from './java/java.ts';
import { node } from './node/node.ts';
import { phpFpm } from './php/php-fpm.ts';
import { python } from './python/python.ts';
import { ruby } from './ruby/ruby.ts';
import { rust } from './rust/rust.ts';
import { haproxy } from './servers/haproxy.ts';
import { mariadb } from './servers/mariadb.ts';
import { memcached } from './servers/memcached.ts';
import { nginx } from './servers/nginx.ts';
import { pgbouncer } from './servers/pgbouncer.ts';
import { postgresql } from './servers/postgresql.ts';
import { redis } from './servers/redis.ts';
import type { Stack } from './stack.ts';

/**
 * Every stack, in the order in which they are asked: what the name of the executable tells, then what takes reading its
 * maps or its contents.
 */
export const STACKS: readonly Stack[] = [
  ...[nginx, haproxy, pgbouncer, redis, memcached, mariadb, postgresql],
  ...[node, python, java, phpFpm, ruby, erlang],
  ...[go, dotnet, rust],
];
