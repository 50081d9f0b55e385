// node scripts/release/image.js LAYER.tar ARCH VERSION FOLDER: makes an image of one layer in a folder, as an OCI image
// layout, and with the manifest.json by which `docker load` of every version knows it. SOURCE_DATE_EPOCH is its time.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import manifestOfPackage from '../../package.json' with { type: 'json' };

const [layerFile, architecture, version, folder] = process.argv.slice(2);
const created = new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString();
const name = `socklens:${version}`;
const blobs = path.join(folder, 'blobs/sha256');
fs.mkdirSync(blobs, { recursive: true });

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Writes a part of the image under its hash. @returns its descriptor */
function blob(mediaType, content, more = {}) {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  const hash = sha256(bytes);
  fs.writeFileSync(path.join(blobs, hash), bytes);
  return { mediaType, digest: `sha256:${hash}`, size: bytes.length, ...more };
}

const tar = fs.readFileSync(layerFile);
const layer = blob('application/vnd.oci.image.layer.v1.tar+gzip', zlib.gzipSync(tar, { level: 6 }));
const config = blob('application/vnd.oci.image.config.v1+json', {
  created,
  architecture,
  os: 'linux',
  config: {
    Env: ['PATH=/usr/bin'],
    Entrypoint: ['/usr/bin/socklens'],
    WorkingDir: '/',
    Labels: {
      'org.opencontainers.image.title': 'socklens',
      'org.opencontainers.image.description': manifestOfPackage.description,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': manifestOfPackage.license,
    },
  },
  rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(tar)}`] },
  history: [{ created, created_by: 'scripts/release.sh' }],
});
const manifest = blob(
  'application/vnd.oci.image.manifest.v1+json',
  { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] },
  {
    platform: { architecture, os: 'linux' },
    // The first is containerd's, the second the specification's.
    annotations: {
      'io.containerd.image.name': `docker.io/library/${name}`,
      'org.opencontainers.image.ref.name': version,
    },
  },
);

const fileOf = ({ digest }) => `blobs/sha256/${digest.slice('sha256:'.length)}`;
const write = (file, content) => fs.writeFileSync(path.join(folder, file), JSON.stringify(content));
write('oci-layout', { imageLayoutVersion: '1.0.0' });
write('index.json', {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [manifest],
});
write('manifest.json', [{ Config: fileOf(config), RepoTags: [name], Layers: [fileOf(layer)] }]);
