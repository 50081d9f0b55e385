import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of a Python web server. */
export interface PythonServerOptions {
  /** The module with the callable `app`: WSGI for gunicorn, ASGI for uvicorn. */
  source: string;
  /** Default `0.0.0.0`. */
  address?: string;
  /** Default 8000. */
  port?: number;
  /** Further arguments: `['--workers', '2']`. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  nofile?: number;
  /** Whether it listens on the UNIX socket `socket` in its folder instead of a port. Of gunicorn only. */
  unix?: boolean;
}

/** Starts `gunicorn` with a WSGI application, by default one synchronous worker. */
export function startGunicorn(place: Place, options: PythonServerOptions): Promise<Running> {
  const { address = '0.0.0.0', port = 8000 } = options;
  const folder = applicationFolder('gunicorn', options.source);
  const bind = ['--bind', options.unix ? `unix:${folder}/socket` : `${address}:${port}`, '--worker-tmp-dir', folder];
  return startPythonServer(place, folder, options, [programPath('gunicorn'), ...bind]);
}

/** Starts `uvicorn` with an ASGI application. */
export function startUvicorn(place: Place, options: PythonServerOptions): Promise<Running> {
  const { address = '0.0.0.0', port = 8000 } = options;
  const folder = applicationFolder('uvicorn', options.source);
  return startPythonServer(place, folder, options, [programPath('uvicorn'), '--host', address, '--port', `${port}`]);
}

function applicationFolder(name: string, source: string): string {
  const folder = ownFolder(name);
  fs.writeFileSync(`${folder}/application.py`, source);
  return folder;
}

function startPythonServer(place: Place, folder: string, options: PythonServerOptions, command: string[]) {
  const { port = 8000, args = [], env = {} } = options;
  return launch(place, {
    folder,
    unprivileged: serviceUser() !== undefined,
    nofile: options.nofile,
    env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', PYTHONPATH: folder, ...env },
    command: [...command, ...args, 'application:app'],
    answers: () => (options.unix ? fs.existsSync(`${folder}/socket`) : listens(place, port)),
  });
}
