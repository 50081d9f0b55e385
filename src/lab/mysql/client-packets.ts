import { AUTHENTICATION, CAPABILITY, COLLATION, COMMAND } from './constants.ts';
import { packet } from './packet.ts';

const CAPABILITIES =
  CAPABILITY.LONG_PASSWORD | CAPABILITY.PROTOCOL_41 | CAPABILITY.SECURE_CONNECTION | CAPABILITY.PLUGIN_AUTH;

const LARGEST_PACKET = 1 << 24;

/** A client's answer to the greeting, Protocol::HandshakeResponse41, without a password. */
export function handshakeResponse(user: string): Buffer {
  const fixed = Buffer.alloc(32);
  fixed.writeUInt32LE(CAPABILITIES, 0);
  fixed.writeUInt32LE(LARGEST_PACKET, 4);
  fixed[8] = COLLATION.UTF8MB4;
  const noPassword = Buffer.from([0]);
  return packet(1, Buffer.concat([fixed, Buffer.from(`${user}\0`), noPassword, Buffer.from(`${AUTHENTICATION}\0`)]));
}

/** COM_QUERY: runs a statement. */
export function query(sql: string): Buffer {
  return packet(0, Buffer.concat([Buffer.from([COMMAND.QUERY]), Buffer.from(sql)]));
}

/** COM_QUIT: ends the connection. */
export function quit(): Buffer {
  return packet(0, Buffer.from([COMMAND.QUIT]));
}
