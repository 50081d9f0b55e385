import type { PeerKind, PoolWords } from '../pool-words.ts';

const EACH = 'of one DataSource; every DataSource bean has a pool of its own';

/** The pools of Java's libraries. The drivers beside them say what they connect to. */
export const JAVA_POOLS: readonly PoolWords[] = [
  {
    library: 'HikariCP',
    to: 'drivers',
    isUsual: true,
    where: 'Java, HikariCP',
    cap: {
      setting: 'maximumPoolSize',
      text: `maximumPoolSize is the cap (default 10) ${EACH}; with Spring Boot it is`,
      snippet: (count) => `spring.datasource.hikari.maximum-pool-size=${count}`,
    },
    idle: {
      text: 'minimumIdle is as large as maximumPoolSize unless it is set, and then the pool never shrinks; with Spring Boot it is',
      snippet: 'spring.datasource.hikari.minimum-idle=2',
    },
    expire: {
      text: 'maxLifetime replaces connections before the server ends them, keepaliveTime asks them something in between (30 s or more each); with Spring Boot they are, in milliseconds',
      snippet: (seconds) =>
        `spring.datasource.hikari.max-lifetime=${seconds === 'N' ? 'MS' : Math.max(30, seconds) * 1000}\nspring.datasource.hikari.keepalive-time=MS`,
    },
  },
  {
    library: 'Tomcat JDBC pool',
    to: 'drivers',
    where: 'Java, Tomcat JDBC pool',
    cap: { setting: 'maxActive', text: `maxActive is the cap ${EACH}`, snippet: (count) => `maxActive="${count}"` },
    idle: { text: 'maxIdle bounds how many stay idle', snippet: 'maxIdle="5"' },
  },
  {
    library: 'DBCP2',
    to: 'drivers',
    where: 'Java, Commons DBCP 2',
    cap: { setting: 'maxTotal', text: `maxTotal is the cap ${EACH}`, snippet: (count) => `maxTotal=${count}` },
    idle: { text: 'maxIdle bounds how many stay idle', snippet: 'maxIdle=5' },
  },
  {
    library: 'c3p0',
    to: 'drivers',
    where: 'Java, c3p0',
    cap: {
      setting: 'maxPoolSize',
      text: `maxPoolSize is the cap ${EACH}`,
      snippet: (count) => `c3p0.maxPoolSize=${count}`,
    },
    idle: { text: 'maxIdleTime ends idle ones after so many seconds', snippet: 'c3p0.maxIdleTime=60' },
  },
  {
    library: 'Jedis',
    to: ['Redis'],
    where: 'Java, Jedis',
    cap: {
      setting: 'maxTotal',
      text: 'maxTotal of the JedisPool is the cap',
      snippet: (count) => `poolConfig.setMaxTotal(${count});`,
    },
    idle: { text: 'maxIdle bounds how many stay idle', snippet: 'poolConfig.setMaxIdle(5);' },
    expire: {
      text: 'testOnBorrow sends a PING before each use, testWhileIdle in between',
      snippet: () => 'poolConfig.setTestOnBorrow(true);',
    },
  },
  {
    library: 'Lettuce',
    to: ['Redis'],
    where: 'Java, Lettuce',
    cap: {
      setting: 'one connection',
      text: 'one connection serves all threads of a process: share one StatefulRedisConnection instead of opening more',
      snippet: () => 'private final StatefulRedisConnection<String, String> connection = client.connect();',
    },
  },
];

/** What JDBC drivers connect to. */
export const JAVA_DRIVERS: Readonly<Record<string, PeerKind>> = {
  'MySQL Connector/J': 'MySQL',
  'MariaDB Connector/J': 'MySQL',
  'PostgreSQL JDBC': 'PostgreSQL',
  'Microsoft JDBC': 'SQL Server',
};
