import { describe, expect, it } from 'vitest';
import { handshakeResponse, query, quit } from '../../../src/lab/mysql/client-packets.ts';
import { SERVER_ERROR } from '../../../src/lab/mysql/constants.ts';
import { PacketReader } from '../../../src/lab/mysql/packet.ts';
import { failure, greeting, ok, oneValue } from '../../../src/lab/mysql/server-packets.ts';
import { concat, hex } from '../../support/hex.ts';

/** Bytes in hexadecimal, with the texts in quotation marks as they are. */
function bytes(text: string): Buffer {
  const spelt = text.replace(/"([^"]*)"/g, (_, quoted: string) => Buffer.from(quoted).toString('hex'));
  return Buffer.from(hex(spelt));
}

describe("the database stand-in's packets", () => {
  it('refuses one connection too many with the bytes of MariaDB 10.11.19', () => {
    // Received from that server, started with --max-connections=10, by the twelfth connection.
    const recorded = '17000000ff1004546f6f206d616e7920636f6e6e656374696f6e73';
    expect(failure(0, SERVER_ERROR.TOO_MANY_CONNECTIONS).toString('hex')).toBe(recorded);
  });

  it('sends the greeting', () => {
    expect(greeting(7)).toEqual(
      bytes(`
        56 00 00                 # length of the payload
        00                       # sequence
        0a                       # protocol version 10
        "8.0.0-socklens-lab" 00  # server version
        07000000                 # connection id
        "socklens" 00            # first eight bytes to prove a password with; filler
        0da2                     # capabilities, lower half: PROTOCOL_41, SECURE_CONNECTION …
        2d                       # collation: utf8mb4_general_ci
        0200                     # status: SERVER_STATUS_AUTOCOMMIT
        1800                     # capabilities, upper half: PLUGIN_AUTH, CONNECT_ATTRS
        15                       # length of the bytes to prove with: 21, NUL included
        00000000000000000000     # reserved
        "-lab-of-20-b" 00        # the other twelve
        "mysql_native_password" 00
      `),
    );
  });

  it('sends OK', () => {
    expect(ok(2)).toEqual(
      bytes(`
        07 00 00 02
        00       # OK
        00 00    # affected rows, last insert id
        0200     # status: SERVER_STATUS_AUTOCOMMIT
        0000     # warnings
      `),
    );
  });

  it('names the SQLSTATE of an error when the client is known', () => {
    expect(failure(1, SERVER_ERROR.UNKNOWN_COMMAND)).toEqual(bytes('18 00 00 01 ff 1704 "#08S01Unknown command"'));
  });

  it('answers with one row of one column', () => {
    expect(oneValue('n', '1')).toEqual(
      bytes(`
        01 00 00 01  01          # one column
        17 00 00 02              # its definition
        03 "def" 00 00 00        #   catalogue, schema, table, original table
        01 "n" 00                #   name, original name
        0c 3f00 14000000 08 0000 00 0000   # length, binary, width 20, LONGLONG, flags, decimals, filler
        05 00 00 03  fe 0000 0200          # EOF: warnings, status
        02 00 00 04  01 "1"      # the row
        05 00 00 05  fe 0000 0200
      `),
    );
  });
});

describe("the client's packets", () => {
  it('answers the greeting without a password', () => {
    expect(handshakeResponse('lab')).toEqual(
      bytes(`
        3b 00 00 01
        01820800      # LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH
        00000001      # largest packet: 16 MiB
        2d            # collation: utf8mb4_general_ci
        0000000000000000000000000000000000000000000000   # reserved
        "lab" 00      # user
        00            # length of the proof: none
        "mysql_native_password" 00
      `),
    );
  });

  it('sends a query and ends the connection', () => {
    expect(query('SELECT 1')).toEqual(bytes('09 00 00 00 03 "SELECT 1"'));
    expect(quit()).toEqual(bytes('01 00 00 00 01'));
  });
});

describe('PacketReader', () => {
  it('reads the same packets however the bytes are split', () => {
    const all = concat(quit(), query('SELECT 1'), ok(2));
    const whole = new PacketReader().read(Buffer.from(all));
    expect(whole.map(({ sequence, payload }) => [sequence, payload.length])).toEqual([
      [0, 1],
      [0, 9],
      [2, 7],
    ]);
    for (let size = 1; size < all.length; size++) {
      const reader = new PacketReader();
      const found = [];
      for (let at = 0; at < all.length; at += size) found.push(...reader.read(Buffer.from(all.slice(at, at + size))));
      expect(found, `in pieces of ${size}`).toEqual(whole);
    }
  });
});
