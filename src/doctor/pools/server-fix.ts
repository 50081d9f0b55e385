import type { Fix } from '../../model/finding/finding.ts';
import type { Database, Server } from './servers.ts';

/** Fixes of its clients and that of the server's limit: a pooler's is raised before its clients get fewer connections. */
export function withServerFix(server: Server, clients: readonly Fix[]): Fix[] {
  return server.pooler === undefined ? [...clients, serverFix(server)] : [serverFix(server), ...clients];
}

/** The poolers that there are for a server; undefined where its protocol has none. */
export function poolersFor(database: Pick<Database, 'name'> | undefined): string | undefined {
  return database === undefined ? 'ProxySQL, PgBouncer' : POOLERS[database.name];
}

const POOLERS: Readonly<Partial<Record<Database['name'], string>>> = { MySQL: 'ProxySQL', PostgreSQL: 'PgBouncer' };

function serverFix({ database, pooler }: Server): Fix {
  const setting = database?.limitSetting ?? 'its limit of connections';
  const poolers = poolersFor(database);
  const text =
    pooler === undefined
      ? `raise ${setting} only when its memory allows it${poolers === undefined ? '' : `; a pooler (${poolers}) shares few connections among many clients`}`
      : `raise ${setting}: clients of a pooler cost little; its connections to the server stay within its pool`;
  return {
    where: pooler ?? database?.name ?? 'the server',
    text,
    ...(database?.showsRefusals !== undefined && { snippet: database.showsRefusals }),
  };
}
