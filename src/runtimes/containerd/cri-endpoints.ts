import fs from 'node:fs';

/** Where CRI-O listens. */
const CRIO_SOCKET = '/run/crio/crio.sock';

/**
 * Paths of sockets with Kubernetes' Container Runtime Interface that are known without a process that names them:
 * CONTAINER_RUNTIME_ENDPOINT, else `runtime-endpoint` of crictl's configuration, else that of CRI-O. Those of containerd
 * are known by its shims, wherever they are.
 *
 * @param etc folder of `crictl.yaml`
 */
export function criSockets(env: Readonly<Record<string, string | undefined>>, etc: string): string[] {
  const chosen = env.CONTAINER_RUNTIME_ENDPOINT || endpointOfCrictl(`${etc}/crictl.yaml`);
  return [chosen === undefined ? CRIO_SOCKET : chosen.replace(/^unix:\/\//, '')];
}

/** What an address suggests. */
export function runtimeAt(path: string): string {
  return path.includes('crio') ? 'cri-o' : 'containerd';
}

/** `runtime-endpoint: unix:///run/containerd/containerd.sock`, the line of a YAML file. */
function endpointOfCrictl(file: string): string | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const [, value] = /^runtime-endpoint:[ \t]*["']?([^"'\s#]+)/m.exec(text) ?? [];
  return value;
}
