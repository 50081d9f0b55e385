import type { EndedConnection, Remembered } from '../model/ended.ts';
import type { EndedLine } from './lines.ts';

/** A connection as a line has it: its time as a number. */
export function keptEnd(
  { at, ...connection }: EndedConnection,
  remembered: Remembered | undefined,
): Pick<EndedLine, 'connection' | 'remembered'> {
  return {
    connection: { at: at.getTime(), ...connection },
    ...(remembered !== undefined && { remembered: { ...remembered } }),
  };
}

/** The opposite of {@link keptEnd}. */
export function readEnd({ connection, remembered }: Pick<EndedLine, 'connection' | 'remembered'>): {
  connection: EndedConnection;
  remembered?: Remembered;
} {
  return {
    connection: { ...connection, at: new Date(Number(connection.at)) } as EndedConnection,
    ...(remembered !== undefined && { remembered: remembered as unknown as Remembered }),
  };
}
