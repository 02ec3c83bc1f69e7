// How the commands show lists; what else is typed with them is in main.test.ts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { aligned } from '../../src/admin/options.ts';

it('a list is shown in columns, below their names', () => {
  assert.deepEqual(
    aligned(
      ['NAME', 'N', 'LAST'],
      [
        ['a', '1000', ''],
        ['longer name', '2', 'x'],
      ],
    ),
    ['NAME         N     LAST', 'a            1000', 'longer name  2     x'],
  );
  assert.deepEqual(aligned(['NAME'], []), [], 'no names of columns above nothing');
});
