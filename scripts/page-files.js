import fs from 'node:fs';
import path from 'node:path';

/** The page's style sheets, in the order in which they apply. */
const STYLES = [
  'src/page/styles/tokens.css',
  'node_modules/uplot/dist/uPlot.min.css',
  'src/page/styles/page.css',
  'src/page/styles/product.css',
  'src/page/styles/map.css',
  'src/page/styles/problems.css',
  'src/page/styles/incidents.css',
  'src/page/styles/events.css',
  'src/page/styles/hosts.css',
];
const COMMENT = /\/\*[\s\S]*?\*\//g;

/**
 * A rolldown plugin that adds style sheet, icon and document to the scripts of the page. The document names the others by
 * their hashes, relative to itself: the page can be served below any path.
 */
export function pageFiles() {
  const root = path.join(import.meta.dirname, '..');
  const read = (name) => fs.readFileSync(path.join(root, name), 'utf8');
  return {
    name: 'page-files',
    generateBundle(_, bundle) {
      const emit = (name, source) => this.getFileName(this.emitFile({ type: 'asset', name, source }));
      const style = STYLES.map(read).join('\n').replace(COMMENT, '').replace(/\s+/g, ' ');
      const names = {
        ICON: emit('icon.svg', read('src/page/icon.svg')),
        STYLE: emit('page.css', style),
        SCRIPT: Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry).fileName,
      };
      const source = read('src/page/index.html').replace(/ICON|STYLE|SCRIPT/g, (word) => names[word]);
      this.emitFile({ type: 'asset', fileName: 'index.html', source });
    },
  };
}
