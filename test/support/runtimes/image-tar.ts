import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { BUSYBOX, staticBusybox } from '../busybox.ts';

/**
 * Writes an image of a static busybox, its applets linked, as `docker save` does: one layer. Nothing is pulled.
 *
 * @param folder where `NAME.tar` is made
 * @param tag `localhost/box:1`
 * @returns path of the archive
 * @throws where the machine has no static busybox
 */
export function writeImage(folder: string, tag: string, command: readonly string[]): string {
  const busybox = staticBusybox();
  if (busybox === undefined) throw new Error('there is no static busybox on this machine (Debian: busybox-static)');
  const work = fs.mkdtempSync(path.join(folder, 'image-'));
  const root = path.join(work, 'root');
  for (const name of ['bin', 'tmp', 'etc', 'dev', 'proc', 'sys', 'run'])
    fs.mkdirSync(`${root}/${name}`, { recursive: true });
  fs.copyFileSync(busybox, `${root}${BUSYBOX}`);
  for (const applet of ['sh', 'sleep', 'nc', 'ip', 'cat', 'ls']) fs.symlinkSync('busybox', `${root}/bin/${applet}`);
  const layer = tar(root, '.');
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: command, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  });
  const name = `${sha256(config)}.json`;
  const image = path.join(work, 'image');
  fs.mkdirSync(image);
  fs.writeFileSync(`${image}/layer.tar`, layer);
  fs.writeFileSync(`${image}/${name}`, config);
  fs.writeFileSync(
    `${image}/manifest.json`,
    JSON.stringify([{ Config: name, RepoTags: [tag], Layers: ['layer.tar'] }]),
  );
  const file = `${work}.tar`;
  fs.writeFileSync(file, tar(image, 'manifest.json', name, 'layer.tar'));
  fs.rmSync(work, { recursive: true });
  return file;
}

function tar(folder: string, ...names: string[]): Buffer {
  return execFileSync('tar', ['-C', folder, '--owner=0', '--group=0', '-c', ...names], { maxBuffer: 1 << 28 });
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
