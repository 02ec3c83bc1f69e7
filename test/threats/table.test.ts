// The threat model names the code and the tests of each threat: those files and tests must exist.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const file = (path: string) => fileURLToPath(new URL(path, root));

/** The cells of each row of the table, by its number. */
const rows = readFileSync(file('docs/threat-model.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, number = '']) => /^\d+$/.test(number));

it('the threat model has a row for each of the 51 threats', () => {
  assert.deepEqual(
    rows.map(([, number]) => Number(number)),
    Array.from({ length: 51 }, (_, index) => index + 1),
  );
});

for (const [, number, , defence = '', tests = ''] of rows)
  it(`row ${number} of the threat model names code and tests that exist`, () => {
    const code = [...defence.matchAll(/`((?:src|templates)\/[^`]+)`/g)].map(([, path = '']) => path);
    assert.ok(code.length > 0, 'no code is named');
    for (const path of code) assert.ok(existsSync(file(path)), path);
    const named = [...tests.matchAll(/`(test\/[^`]+)`: ((?:"[^"]+"(?:, )?)+)/g)];
    assert.ok(named.length > 0, 'no test is named');
    for (const [, path = '', names = ''] of named) {
      const source = readFileSync(file(path), 'utf8');
      for (const [, name = ''] of names.matchAll(/"([^"]+)"/g)) assert.ok(source.includes(name), `${path}: ${name}`);
    }
  });
