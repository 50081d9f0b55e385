import type { PeerKind } from '../pool-words.ts';

/** A package that says how a Go program connects. */
export interface GoPackage {
  /** Import path, as a pattern without anchors: a major version is part of a path. */
  path: string;
  /** As its users call it. */
  name: string;
  /** For a driver of database/sql, what it connects to; undefined for a wrapper and a library with a pool of its own. */
  drives?: PeerKind;
}

/** Known packages: wrappers, drivers of database/sql, libraries with pools of their own. */
export const GO_PACKAGES: readonly GoPackage[] = [
  { path: 'gorm.io/gorm', name: 'gorm' },
  { path: 'github.com/jinzhu/gorm', name: 'jinzhu/gorm' },
  { path: 'github.com/jmoiron/sqlx', name: 'sqlx' },
  { path: '(?:xorm.io|github.com/go-xorm)/xorm', name: 'xorm' },
  { path: 'entgo.io/ent/dialect/sql', name: 'ent' },
  { path: 'github.com/go-sql-driver/mysql', name: 'go-sql-driver/mysql', drives: 'MySQL' },
  { path: 'github.com/lib/pq', name: 'lib/pq', drives: 'PostgreSQL' },
  { path: 'github.com/jackc/pgx(?:/v\\d+)?/stdlib', name: 'pgx/stdlib', drives: 'PostgreSQL' },
  { path: 'github.com/(?:microsoft|denisenkom)/go-mssqldb', name: 'go-mssqldb', drives: 'SQL Server' },
  { path: 'github.com/jackc/pgx(?:/v\\d+)?/pgxpool', name: 'pgxpool' },
  { path: 'github.com/go-pg/pg(?:/v\\d+)?', name: 'go-pg' },
  { path: 'github.com/go-mysql-org/go-mysql/client', name: 'go-mysql' },
  { path: 'github.com/(?:redis/go-redis/v9|go-redis/redis(?:/v\\d+)?)', name: 'go-redis' },
  { path: 'github.com/gomodule/redigo/redis', name: 'redigo' },
  { path: 'go.mongodb.org/mongo-driver(?:/v2)?/mongo', name: 'mongo-driver' },
  { path: 'github.com/(?:rabbitmq/amqp091-go|streadway/amqp)', name: 'amqp091-go' },
  { path: 'google.golang.org/grpc', name: 'grpc-go' },
  { path: 'github.com/valyala/fasthttp', name: 'fasthttp' },
];

/** Functions whose absence proves something, each with one that shows that its package is in the program. */
export const GO_FUNCTIONS: readonly { name: string; beside: string }[] = [
  { name: 'database/sql.(*DB).SetMaxOpenConns', beside: 'database/sql.(*DB).conn' },
  { name: 'database/sql.(*DB).SetMaxIdleConns', beside: 'database/sql.(*DB).conn' },
  { name: 'database/sql.(*DB).SetConnMaxIdleTime', beside: 'database/sql.(*DB).conn' },
  { name: 'database/sql.(*DB).SetConnMaxLifetime', beside: 'database/sql.(*DB).conn' },
];

/** What drivers of database/sql connect to, by the names of {@link GO_PACKAGES}. */
export const GO_DRIVERS: Readonly<Record<string, PeerKind>> = Object.fromEntries(
  GO_PACKAGES.flatMap(({ name, drives }) => (drives === undefined ? [] : [[name, drives]])),
);
