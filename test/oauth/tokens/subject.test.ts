// The subject identifier is never given to somebody else: GitHub's numeric id, for a login can be renamed and taken over
// (OpenID Connect Core section 8).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { subjectOf } from '../../../src/oauth/tokens/subject.ts';

it('the subject is the numeric id, whatever the person is called', () => {
  assert.equal(subjectOf({ id: 583231, login: 'octocat' }), '583231');
  assert.equal(subjectOf({ id: 583231, login: 'renamed', name: 'Somebody' }), '583231');
});
