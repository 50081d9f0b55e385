import { expect, test } from 'vitest';
import { NOT_ROOT } from '../../../../src/model/sample/coverage.ts';
import { TargetNotes } from '../../../../src/model/sample/target-notes.ts';

test('notes: with the name of their target; what concerns several or the run is one line without', () => {
  const notes = new TargetNotes();
  notes.add('web', ['its Engine is old', 'CAP_SYS_ADMIN is missing']);
  notes.add('db', ['CAP_SYS_ADMIN is missing', NOT_ROOT]);
  expect(notes.lines()).toEqual(['web: its Engine is old', 'CAP_SYS_ADMIN is missing', NOT_ROOT]);
});
