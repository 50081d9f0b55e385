import { ANSWER, AUTHENTICATION, CAPABILITY, COLLATION, type ServerError, STATUS_AUTOCOMMIT } from './constants.ts';
import { packet } from './packet.ts';

/** Version string of the stand-in. */
const VERSION = '8.0.0-socklens-lab';

const CAPABILITIES =
  CAPABILITY.LONG_PASSWORD |
  CAPABILITY.LONG_FLAG |
  CAPABILITY.CONNECT_WITH_DB |
  CAPABILITY.PROTOCOL_41 |
  CAPABILITY.TRANSACTIONS |
  CAPABILITY.SECURE_CONNECTION |
  CAPABILITY.PLUGIN_AUTH |
  CAPABILITY.CONNECT_ATTRS;

/** Bytes that clients hash the password with; the stand-in does not check it. */
const SALT = Buffer.from('socklens-lab-of-20-b');

/** MYSQL_TYPE_LONGLONG. */
const TYPE_LONG = 8;

/** The first packet of a server, Protocol::HandshakeV10. */
export function greeting(connectionId: number): Buffer {
  const payload = Buffer.concat([
    Buffer.from([10]),
    nulTerminated(VERSION),
    integer(connectionId, 4),
    SALT.subarray(0, 8),
    Buffer.from([0]),
    integer(CAPABILITIES & 0xffff, 2),
    integer(COLLATION.UTF8MB4, 1),
    integer(STATUS_AUTOCOMMIT, 2),
    integer(CAPABILITIES >>> 16, 2),
    integer(SALT.length + 1, 1),
    Buffer.alloc(10),
    SALT.subarray(8),
    Buffer.from([0]),
    nulTerminated(AUTHENTICATION),
  ]);
  return packet(0, payload);
}

/** OK_Packet: success without rows. */
export function ok(sequence: number): Buffer {
  const [affectedRows, lastInsertId] = [0, 0];
  return packet(
    sequence,
    Buffer.concat([
      Buffer.from([ANSWER.OK, affectedRows, lastInsertId]),
      integer(STATUS_AUTOCOMMIT, 2),
      integer(0, 2), // warnings
    ]),
  );
}

/** ERR_Packet: an error. */
export function failure(sequence: number, { code, sqlState, message }: ServerError): Buffer {
  const text = Buffer.from(sqlState === undefined ? message : `#${sqlState}${message}`);
  return packet(sequence, Buffer.concat([Buffer.from([ANSWER.ERROR]), integer(code, 2), text]));
}

/** A text result set of one column and one row, ProtocolText::Resultset, the first packet being number 1. */
export function oneValue(column: string, value: string): Buffer {
  const definition = Buffer.concat([
    text('def'),
    text(''), // schema
    text(''), // table
    text(''), // original name
    text(column),
    text(''), // original name
    integer(0x0c, 1), // length of what follows
    integer(COLLATION.BINARY, 2),
    integer(20, 4), // width
    integer(TYPE_LONG, 1),
    integer(0, 2), // flags
    integer(0, 1), // decimals
    integer(0, 2),
  ]);
  return Buffer.concat([
    packet(1, integer(1, 1)), // columns
    packet(2, definition),
    endOfRows(3),
    packet(4, text(value)),
    endOfRows(5),
  ]);
}

function endOfRows(sequence: number): Buffer {
  return packet(sequence, Buffer.concat([Buffer.from([ANSWER.EOF]), integer(0, 2), integer(STATUS_AUTOCOMMIT, 2)]));
}

function integer(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
}

/** A NUL-terminated string. */
function nulTerminated(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

/** A string after its length, which is one byte below 251. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length, 1), bytes]);
}
