/**
 * Where Docker's Engine answers DNS inside every container of a user-defined network: dockerd holds a UDP socket and a
 * TCP listener there, in the container's namespace (libnetwork/resolver.go).
 */
export const EMBEDDED_DNS_ADDRESS = '127.0.0.11';

/** The name of {@link EMBEDDED_DNS_ADDRESS}. */
export const EMBEDDED_DNS_NAME = 'docker-dns';
