import fs from 'node:fs';
import path from 'node:path';

const LICENSES = path.join(import.meta.dirname, 'licenses');
const NOTICE_FILE = /^(licen[cs]e|notice)(\.(md|txt))?$/i;

/**
 * A rolldown plugin that writes into a folder, about all packages in the bundles: `THIRD-PARTY.md`, the notices that
 * their licences require, and `third-party.json`, their names and versions. One plugin can be used in several builds
 * and collects the packages of all.
 */
export function thirdPartyNotices(folder) {
  const packages = new Set();
  return {
    name: 'third-party-notices',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
      for (const id of modules) {
        const found = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id)?.[0];
        if (found !== undefined) packages.add(found);
      }
      const sorted = [...packages].sort();
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, 'THIRD-PARTY.md'), [HEADING, ...sorted.map(noticeOf)].join('\n'));
      const list = sorted.map(readPackage).map(({ name, version }) => ({ name, version }));
      fs.writeFileSync(path.join(folder, 'third-party.json'), `${JSON.stringify(list, undefined, 2)}\n`);
    },
  };
}

const HEADING = '# Packages in the bundles of socklens\n';

function readPackage(folder) {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
}

/** Name, version, author and licence of a package. A package without a licence text gets the standard text of its licence. */
export function noticeOf(folder) {
  const { name, version, license, author } = readPackage(folder);
  const files = fs.readdirSync(folder).filter((entry) => NOTICE_FILE.test(entry));
  const texts = files.map((entry) => fs.readFileSync(path.join(folder, entry), 'utf8'));
  // A package may be under several at once: `(Apache-2.0 AND BSD-3-Clause)`.
  const names = texts.length > 0 ? [] : license.replace(/[()]/g, '').split(' AND ');
  texts.push(...names.map(licenseText));
  const by = typeof author === 'object' ? author.name : author;
  return `## ${name} ${version}\n\n${license}${by === undefined ? '' : `, ${by}`}\n\n${texts.map(fenced).join('\n')}`;
}

/** The standard text of a licence, fenced. */
export const fencedLicense = (name) => fenced(licenseText(name));

const licenseText = (name) => fs.readFileSync(path.join(LICENSES, `${name}.txt`), 'utf8');
const fenced = (text) => `\`\`\`\n${text.trim()}\n\`\`\`\n`;
