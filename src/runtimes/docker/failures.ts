import { RuntimeError } from '../runtime.ts';
import { DeadlineError, HttpError } from './http.ts';
import { ShapeError } from './json.ts';
import { TlsFileError } from './tls.ts';

/** Longest text of an Engine that is quoted in a message. */
const MAX_TEXT = 200;

/** Which question failed. */
export interface Asked {
  /** `docker`, `podman`. */
  runtime: string;
  /** `unix:///var/run/docker.sock`. */
  endpoint: string;
  deadlineMs: number;
}

/** Turns what asking an Engine threw into one line: what was tried, why it failed, what to do. */
export function asRuntimeError(error: unknown, asked: Asked): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const { runtime, endpoint, deadlineMs } = asked;
  const at = `${runtime}: ${printable(endpoint)}`;
  const make = (kind: RuntimeError['kind'], text: string) =>
    new RuntimeError(kind, endpoint, `${at} ${text}`, { cause: error });

  if (error instanceof DeadlineError) {
    return make('silent', `did not answer within ${deadlineMs / 1000} s; see whether \`${runtime} ps\` hangs too`);
  }
  if (error instanceof HttpError || error instanceof SyntaxError || error instanceof ShapeError) {
    const why = error instanceof SyntaxError ? 'its body is cut off or not JSON' : printable(error.message);
    return make('nonsense', `gave an answer that is not the Engine's (${why}); see what listens there`);
  }
  if (error instanceof TlsFileError) return make('nonsense', `cannot be asked: ${printable(error.message)}`);
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && isCertificateError(code)) {
    return make('nonsense', `has a certificate that is not trusted (${code}); check DOCKER_CERT_PATH or the context`);
  }
  return make(...connectionFailure(code, 'the Engine', String(error)));
}

/**
 * The kind of an error of a connection, and a clause with the reason and what to do.
 *
 * @param code name of its errno; undefined where it has none
 * @param what the program that should answer: `the Engine`
 * @param text the error's own, for one that is not known
 */
export function connectionFailure(
  code: string | undefined,
  what: string,
  text: string,
): [kind: RuntimeError['kind'], clause: string] {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return ['absent', `does not exist; is ${what} running?`];
    case 'ECONNREFUSED':
      return ['absent', `refuses the connection: nothing listens there; is ${what} running?`];
    case 'EACCES':
    case 'EPERM':
      return ['denied', `may not be used by this user (${code}); run as root, or join the socket's group`];
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return ['silent', `cannot be reached (${code}); is ${what} running?`];
    case 'ECONNRESET':
    case 'EPIPE':
      return ['nonsense', `broke the connection off (${code}); see what listens there`];
    default:
      return ['nonsense', `cannot be asked (${printable(code ?? text)}); see what listens there`];
  }
}

/** Node's codes for a server's certificate, from OpenSSL's X509_verify_cert_error_string, and for its name. */
function isCertificateError(code: string): boolean {
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID' || /CERT|SIGNATURE|CRL/.test(code.replace(/^ERR_.*/, ''));
}

/** Text of an Engine or a setting, cut to 200 characters and without control characters. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.slice(0, MAX_TEXT).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}
