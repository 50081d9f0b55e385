import { ATTRIBUTES, encodeAttributes } from '../../protobuf/otlp.ts';

/** Who sends: the same in each request. */
export interface OtlpResource {
  resource: { attributes: Uint8Array };
  scope: { name: string; version: string };
}

/**
 * The resource of this process. Attributes of containers are on the points: backends make labels of a resource that would
 * collide otherwise.
 *
 * @param own of the user's environment or configuration; they replace others
 */
export function otlpResource(host: string, version: string, own: Readonly<Record<string, string>>): OtlpResource {
  const attributes = {
    'service.name': 'socklens',
    'service.version': version,
    'service.instance.id': host,
    'host.name': host,
    'os.type': 'linux',
    ...own,
  };
  return {
    resource: { attributes: encodeAttributes(attributes, ATTRIBUTES.resource) },
    scope: { name: 'socklens', version },
  };
}
