import fs from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** Certificates for an Engine behind TLS. */
export interface EngineTls {
  /** File of the authority's certificate; the system's authorities otherwise. */
  ca?: string;
  /** File of the client's certificate. */
  cert?: string;
  /** File of the client's key. */
  key?: string;
  /** False to accept any certificate, as DOCKER_TLS without DOCKER_TLS_VERIFY says. */
  verify: boolean;
}

/**
 * Options of Node's TLS connection.
 *
 * @param host as it was written: the certificate must be this host's, whatever address is connected to
 * @throws {TlsFileError} when a certificate or key cannot be read
 */
export function tlsOptions(host: string, { ca, cert, key, verify }: EngineTls): ConnectionOptions {
  const tls = process.getBuiltinModule('node:tls');
  const net = process.getBuiltinModule('node:net');
  return {
    rejectUnauthorized: verify,
    // A server name may not be an address, RFC 6066 section 3; empty for none.
    servername: net.isIP(host) === 0 ? host : '',
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate),
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && { cert: read(cert) }),
    ...(key !== undefined && { key: read(key) }),
  };
}

/** @throws {TlsFileError} */
function read(path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    throw new TlsFileError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

/** A certificate or key that cannot be read. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}
