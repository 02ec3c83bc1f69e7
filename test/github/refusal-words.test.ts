// GitHub's reasons in words: the message of a REST error with its `errors[]`, and the errors of a GraphQL answer.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { graphqlRefusal, refusalWords } from '../../src/github/refusal-words.ts';

describe('the words of a refusal', () => {
  const rows: readonly (readonly [body: unknown, words: string | undefined])[] = [
    [{ message: 'Issues has been disabled in this repository.' }, 'Issues has been disabled in this repository'],
    [
      { message: 'Validation Failed', errors: [{ resource: 'Issue', field: 'title', code: 'missing_field' }] },
      'Validation Failed: Issue.title is missing',
    ],
    [
      {
        message: 'Validation Failed',
        errors: [
          { resource: 'Label', field: 'name', code: 'already_exists' },
          { resource: 'PullRequest', code: 'custom', message: 'No commits between main and main' },
        ],
      },
      'Validation Failed: Label.name exists already; No commits between main and main',
    ],
    [
      { message: 'Validation Failed', errors: ['Could not resolve to a node'] },
      'Validation Failed: Could not resolve to a node',
    ],
    [{ message: 'Validation Failed', errors: 'no such base' }, 'Validation Failed: no such base'],
    [
      { message: 'Validation Failed', errors: [{ code: 'new_code' }, {}] },
      'Validation Failed: something new_code; something is not valid',
    ],
    [{ message: 'Merge conflict', errors: 7 }, 'Merge conflict'],
    [{ error: 'slow_down' }, undefined],
    ['<h1>Unicorn!</h1>', undefined],
    ['', undefined],
  ];
  for (const [body, words] of rows)
    it(`are ${JSON.stringify(words)} of ${JSON.stringify(body)}`, () => assert.equal(refusalWords(body), words));

  it('name all errors of a GraphQL answer, with their types', () => {
    const errors = [{ message: 'Could not resolve to a Repository.', type: 'NOT_FOUND' }, { message: 'Also this' }];
    assert.deepEqual(graphqlRefusal({ data: null, errors }), {
      words: 'Could not resolve to a Repository; Also this',
      types: ['NOT_FOUND'],
    });
    for (const body of [{ data: {} }, { data: {}, errors: [] }, { errors: [{ line: 1 }] }, 'text'])
      assert.equal(graphqlRefusal(body), undefined);
  });
});
