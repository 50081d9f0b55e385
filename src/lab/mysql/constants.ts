/**
 * Names of MySQL's protocol:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 */

/** Capability flags, CLIENT_… of the manual. */
export const CAPABILITY = {
  LONG_PASSWORD: 0x1,
  LONG_FLAG: 0x4,
  CONNECT_WITH_DB: 0x8,
  PROTOCOL_41: 0x200,
  TRANSACTIONS: 0x2000,
  SECURE_CONNECTION: 0x8000,
  PLUGIN_AUTH: 0x80000,
  CONNECT_ATTRS: 0x100000,
} as const;

/** First byte of a client's request. */
export const COMMAND = { QUIT: 1, INIT_DB: 2, QUERY: 3, PING: 14 } as const;

/** First byte of a server's answer. */
export const ANSWER = { OK: 0x00, EOF: 0xfe, ERROR: 0xff } as const;

/** Status flag SERVER_STATUS_AUTOCOMMIT. */
export const STATUS_AUTOCOMMIT = 2;

/** Collation ids: utf8mb4_general_ci, and the one of binary data. */
export const COLLATION = { UTF8MB4: 45, BINARY: 63 } as const;

/** An error of the server. */
export interface ServerError {
  code: number;
  /** Absent before the client has answered the greeting: the server does not know yet whether it supports the field. */
  sqlState?: string;
  message: string;
}

/** The errors that the stand-in sends. */
export const SERVER_ERROR = {
  TOO_MANY_CONNECTIONS: { code: 1040, message: 'Too many connections' },
  UNKNOWN_COMMAND: { code: 1047, sqlState: '08S01', message: 'Unknown command' },
} as const satisfies Record<string, ServerError>;

/** Name of the authentication plugin; the stand-in accepts any password. */
export const AUTHENTICATION = 'mysql_native_password';
