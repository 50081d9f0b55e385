import type { NetstatOptions } from './options.ts';

function which(options: NetstatOptions): string {
  if (options.all) return '(servers and established)';
  return options.listening ? '(only servers)' : '(w/o servers)';
}

/** The two lines above the internet rows; with the blanks that netstat prints at the end. */
export function inetHeader(options: NetstatOptions): string {
  const user = options.extended ? ' User       Inode     ' : '';
  const program = options.programs ? ' PID/Program name    ' : '';
  const timer = options.timers ? ' Timer' : '';
  return (
    `Active Internet connections ${which(options)}\n` +
    `Proto Recv-Q Send-Q Local Address           Foreign Address         State      ${user}${program}${timer}\n`
  );
}

/** The two lines above the UNIX rows. */
export function unixHeader(options: NetstatOptions): string {
  const program = options.programs ? ' PID/Program name    ' : '';
  return (
    `Active UNIX domain sockets ${which(options)}\n` +
    `Proto RefCnt Flags       Type       State         I-Node  ${program} Path\n`
  );
}
