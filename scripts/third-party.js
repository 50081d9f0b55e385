import fs from 'node:fs';
import path from 'node:path';

const LICENSES = path.join(import.meta.dirname, 'licenses');
const NOTICE_FILE = /^(licen[cs]e|notice)(\.(md|txt))?$/i;

/**
 * A rolldown plugin that writes the notices of all packages in the bundles into one file, as their licences require.
 * One plugin can be used in several builds and collects the packages of all.
 */
export function thirdPartyNotices(file) {
  const folders = new Set();
  return {
    name: 'third-party-notices',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
      for (const id of modules) {
        const folder = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id)?.[0];
        if (folder !== undefined) folders.add(folder);
      }
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, [HEADING, ...[...folders].sort().map(noticeOf)].join('\n'));
    },
  };
}

const HEADING = '# Packages in the bundles of socklens\n';

/** Name, version, author and licence of a package. A package without a licence text gets the standard text of its licence. */
function noticeOf(folder) {
  const { name, version, license, author } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = fs.readdirSync(folder).filter((entry) => NOTICE_FILE.test(entry));
  const texts = files.map((entry) => fs.readFileSync(path.join(folder, entry), 'utf8'));
  if (texts.length === 0) texts.push(fs.readFileSync(path.join(LICENSES, `${license}.txt`), 'utf8'));
  const by = typeof author === 'object' ? author.name : author;
  return `## ${name} ${version}\n\n${license}${by === undefined ? '' : `, ${by}`}\n\n${texts.map(fenced).join('\n')}`;
}

const fenced = (text) => `\`\`\`\n${text.trim()}\n\`\`\`\n`;
