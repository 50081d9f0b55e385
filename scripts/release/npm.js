// node scripts/release/npm.js FOLDER: lays out the package for npm: what package.json lists under `files`, with the part
// of package.json that its users need. Everything is bundled but the library for system calls, of which npm installs the
// one for the machine, so that socklens comes as two packages and runs no install script.
import fs from 'node:fs';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };

const [folder] = process.argv.slice(2);
const root = path.join(import.meta.dirname, '../..');
// As npm reads them: `!PATTERN` is left out.
const leftOut = manifest.files.filter((name) => name.startsWith('!')).map((name) => name.slice(1));
for (const name of manifest.files.filter((name) => !name.startsWith('!'))) {
  fs.cpSync(path.join(root, name), path.join(folder, name), {
    recursive: true,
    // V8's code cache fits the very Node that made it, and differs from build to build.
    filter: (source) =>
      !source.endsWith('.cache') && !leftOut.some((one) => path.matchesGlob(path.relative(root, source), one)),
  });
}

const { name, version, description, license, type, engines, bin, man, exports, optionalDependencies } = manifest;
const native = Object.entries(optionalDependencies).filter(([dependency]) => dependency.startsWith('@koromix/'));
const published = { name, version, description, license, type, engines, os: ['linux'], bin, man, exports };
fs.writeFileSync(
  path.join(folder, 'package.json'),
  `${JSON.stringify({ ...published, optionalDependencies: Object.fromEntries(native) }, undefined, 2)}\n`,
);
