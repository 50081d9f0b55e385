import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { dataFolder, defaultFolder } from '../data-folder.ts';
import { option } from '../option.ts';
import { formatOf, outputOptions } from '../options.ts';
import { proposeFiles } from '../proposals.ts';

const ACTIONS = ['list', 'save', 'export', 'rename', 'delete'] as const;

export const incidentCommand = command({
  task: 'explain',
  brief: 'Keep the last minutes that serve has recorded; list what was kept',
  details: `list: what was saved, the newest first. save [NAME]: 15 minutes before now to 5 minutes after, as an ordinary recording. export ID: copy it to a file, by default ID.slr. rename ID NAME. delete ID.
serve also saves an incident by itself at a critical finding. Other commands read one with --from ID: doctor --from 20261130-120005. docs/incidents.md`,
  options: {
    data: dataFolder,
    output: option.text('FILE', 'export: the file to create', { letter: 'o', propose: proposeFiles }),
    ...outputOptions,
  },
  operands: {
    fixed: [
      { placeholder: 'ACTION', brief: ACTIONS.join(', '), choices: ACTIONS },
      { placeholder: 'ID', brief: 'an incident; for save: a name', optional: true },
      { placeholder: 'NAME', brief: 'rename: the new name', optional: true },
    ],
  },
  usage: 'list|save [NAME]|export ID|rename ID NAME|delete ID',
  examples: [
    ['incident save slow-checkout', 'keep what has just happened'],
    ['incident list', 'what was kept'],
    ['incident export 20261130-120005 -o slow.slr', 'to share it'],
  ],
  load: async () => {
    const { deleteIncident, exportIncident, listIncidents, renameIncident, saveIncident } = await import(
      './incident.ts'
    );
    return async ({ flow }, options, [action = '', first, second]) => {
      const folder = options.data ?? defaultFolder();
      const format = formatOf(options);
      const id = () => {
        if (first === undefined) throw new Failure('usage', `incident ${action} needs the ID of an incident`);
        return first;
      };
      const extra = action === 'rename' ? undefined : action === 'list' ? (first ?? second) : second;
      if (extra !== undefined) throw new Failure('usage', `incident ${action}: unexpected "${extra}"`);
      if (options.output !== undefined && action !== 'export') throw new Failure('usage', '-o is for incident export');
      if (action === 'list') listIncidents(flow, folder, format);
      else if (action === 'save') await saveIncident(flow, folder, first ?? '', format);
      else if (action === 'export') exportIncident(flow, folder, id(), options.output);
      else if (action === 'delete') deleteIncident(flow, folder, id());
      else if (action === 'rename') {
        if (second === undefined) throw new Failure('usage', 'incident rename needs an ID and a NAME');
        renameIncident(folder, id(), second);
      } else throw new Failure('usage', `incident: unknown action "${action}"; available: ${ACTIONS.join(', ')}`);
    };
  },
});
