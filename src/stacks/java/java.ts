import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import { baseName, folderOf, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { zipNames } from './zip-names.ts';

/** Known jars by their file names, `HikariCP-2.7.9.jar`, and by a class that is in them where they are shaded. */
const JARS: readonly { name: string; file: RegExp; inside: string }[] = [
  { name: 'HikariCP', file: /^HikariCP(?:-java\d+)?-/, inside: 'com/zaxxer/hikari/HikariConfig.class' },
  { name: 'Tomcat JDBC pool', file: /^tomcat-jdbc-/, inside: 'org/apache/tomcat/jdbc/pool/DataSource.class' },
  { name: 'DBCP2', file: /^commons-dbcp2-/, inside: 'org/apache/commons/dbcp2/BasicDataSource.class' },
  { name: 'c3p0', file: /^c3p0-\d/, inside: 'com/mchange/v2/c3p0/ComboPooledDataSource.class' },
  { name: 'Jedis', file: /^jedis-/, inside: 'redis/clients/jedis/Jedis.class' },
  { name: 'Lettuce', file: /^lettuce-core-/, inside: 'io/lettuce/core/RedisClient.class' },
  { name: 'MySQL Connector/J', file: /^mysql-connector-(?:java|j)-/, inside: 'com/mysql/cj/jdbc/Driver.class' },
  { name: 'MariaDB Connector/J', file: /^mariadb-java-client-/, inside: 'org/mariadb/jdbc/Driver.class' },
  { name: 'PostgreSQL JDBC', file: /^postgresql-\d/, inside: 'org/postgresql/Driver.class' },
  { name: 'Microsoft JDBC', file: /^mssql-jdbc-/, inside: 'com/microsoft/sqlserver/jdbc/SQLServerDriver.class' },
];

/** Jars whose contents are looked at. */
const MOST_JARS = 8;

/** Programs of a Java virtual machine: the jars that its class loader has open, and those packed into them. */
export const java: Stack = {
  name: 'Java',
  read(process) {
    const { executable, argv, name } = process;
    if (!/^(java|jsvc)$/.test(baseName(executable?.path ?? argv[0] ?? name))) return undefined;
    const version = executable && versionOf(process, executable.path);
    return { ...(version !== undefined && { version }), libraries: librariesOf(process) };
  },
};

/** `JAVA_VERSION="17.0.15"` of the file `release` in the folder that has `bin/java`. */
function versionOf(process: ProcessView, executable: string): string | undefined {
  const release = process.text(`${folderOf(folderOf(executable))}/release`)?.text;
  return release === undefined ? undefined : /^JAVA_VERSION="([\d._]+)"/m.exec(release)?.[1];
}

function librariesOf(process: ProcessView): StackLibrary[] {
  const found = new Map<string, StackLibrary>();
  const add = (file: string, proof: StackLibrary['proof'], path: string) => {
    const known = JARS.find((jar) => jar.file.test(file));
    if (known === undefined || found.has(known.name)) return;
    const version = /-(\d+(?:\.\d+)+[\w.]*)\.jar$/.exec(file)?.[1];
    found.set(known.name, { name: known.name, ...(version !== undefined && { version }), proof, path });
  };
  const jars = [...new Set(process.opened().filter((path) => path.endsWith('.jar')))];
  for (const jar of jars) add(baseName(jar), 'loaded', jar);
  for (const jar of [...new Set([...jars, ...declaredJars(process)])].slice(0, MOST_JARS)) {
    add(baseName(jar), 'installed', jar);
    const file = process.file(jar);
    for (const entry of (file && zipNames(file)) ?? []) {
      if (/^(BOOT-INF|WEB-INF)\/lib\/[^/]+\.jar$/.test(entry)) add(baseName(entry), 'packed', jar);
      const known = JARS.find(({ inside }) => inside === entry);
      if (known !== undefined && !found.has(known.name)) {
        found.set(known.name, { name: known.name, proof: 'packed', path: jar });
      }
    }
  }
  return [...found.values()];
}

/** Jars of `-jar` and of the class path; a folder with `*` means the jars in it. Other options have secrets. */
function declaredJars(process: ProcessView): string[] {
  const { argv, cwd } = process;
  if (cwd === undefined) return [];
  const after = (...names: string[]) => argv.flatMap((word, at) => (names.includes(word) ? (argv[at + 1] ?? []) : []));
  const paths = [...after('-jar'), ...after('-cp', '-classpath', '--class-path').flatMap((list) => list.split(':'))];
  return paths.flatMap((path) => {
    const whole = joined(cwd, path);
    if (!whole.endsWith('/*')) return whole.endsWith('.jar') ? [whole] : [];
    const folder = folderOf(whole);
    return (process.folder(folder) ?? []).filter((name) => name.endsWith('.jar')).map((name) => `${folder}/${name}`);
  });
}
