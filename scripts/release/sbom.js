// node scripts/release/sbom.js DIST: prints what the one file consists of as CycloneDX 1.5: the bundled packages by
// DIST/third-party.json, koffi and Bun, with the hashes of the lockfiles. SOURCE_DATE_EPOCH is its time.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import lockfile from '../../package-lock.json' with { type: 'json' };
import arm64 from '../binary-packages/linux-arm64/package-lock.json' with { type: 'json' };

const [dist] = process.argv.slice(2);
const bundled = JSON.parse(fs.readFileSync(path.join(dist, 'third-party.json'), 'utf8'));
const native = [
  '@koromix/koffi-linux-x64',
  '@koromix/koffi-linux-arm64',
  '@oven/bun-linux-x64',
  '@oven/bun-linux-aarch64',
];

/** Bun's packages for Linux name no licence; scripts/licenses/bun.md has the details. */
const BUN_LICENSE = 'MIT AND LGPL-2.0-only AND LGPL-2.1-only';

/** @returns the entry of an installed package in a lockfile */
function locked(name) {
  const entry = lockfile.packages[`node_modules/${name}`] ?? arm64.packages[`node_modules/${name}`];
  if (entry?.integrity === undefined) throw new Error(`${name} is not in a lockfile, or without a hash`);
  return entry;
}

/** One licence, or an expression of several. */
const licenseOf = (text) => (text.includes(' ') ? { expression: text } : { license: { id: text } });

function component(name) {
  const { version, license, integrity } = locked(name);
  const [group, short] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const content = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  return {
    type: name.startsWith('@oven/') ? 'platform' : 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: short,
    version,
    licenses: [licenseOf(license ?? BUN_LICENSE)],
    purl,
    hashes: [{ alg: 'SHA-512', content }],
  };
}

const components = [...bundled.map(({ name }) => name), ...native].sort().map(component);
for (const { name, version } of bundled) {
  if (locked(name).version !== version) throw new Error(`${name} ${version} is bundled, the lockfile has another`);
}
const seconds = Number(process.env.SOURCE_DATE_EPOCH);
const self = `pkg:npm/${manifest.name}@${manifest.version}`;
const document = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  serialNumber: `urn:uuid:${uuidOf(JSON.stringify([self, seconds, components]))}`,
  version: 1,
  metadata: {
    timestamp: new Date(seconds * 1000).toISOString(),
    component: {
      type: 'application',
      'bom-ref': self,
      name: manifest.name,
      version: manifest.version,
      description: manifest.description,
      licenses: [{ license: { id: manifest.license } }],
      purl: self,
    },
  },
  components,
  dependencies: [
    { ref: self, dependsOn: components.map((each) => each['bom-ref']) },
    ...components.map((each) => ({ ref: each['bom-ref'], dependsOn: [] })),
  ],
};
process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);

/** The same text has the same identifier: version 8 of RFC 9562, which leaves the bits to the maker. */
function uuidOf(text) {
  const hex = [...createHash('sha256').update(text).digest('hex').slice(0, 32)];
  hex[12] = '8';
  hex[16] = '89ab'[Number.parseInt(hex[16], 16) % 4];
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
