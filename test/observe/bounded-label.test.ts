// Labels of metrics: few values, and nobody's name.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundedLabel, routePattern, tokenRefusal } from '../../src/observe/bounded-label.ts';

describe('a label', () => {
  it('has a hundred values, and one for all others', () => {
    const label = boundedLabel();
    for (let index = 0; index < 100; index++) assert.equal(label(`v${index}`), `v${index}`);
    assert.equal(label('one more'), 'other');
    assert.equal(label('v7'), 'v7');
  });
});

describe('the pattern of a route of GitHub', () => {
  const patterns = {
    'GET /user': 'GET /user',
    'GET /user/emails': 'GET /user/emails',
    'GET /repos/{owner}/{repo}/issues': 'GET /repos/{owner}/{repo}/issues',
    'DELETE /applications/{client_id}/token': 'DELETE /applications/{client_id}/token',
    'POST /login/oauth/access_token': 'POST /login/oauth/access_token',
    'POST /graphql': 'POST /graphql',
    'GET /repos/octocat/hello/issues': 'GET /repos/{}/{}/{}',
    'PUT /user/starred/octocat/hello': 'PUT /user/starred/{}/{}',
    'GET /search/code': 'GET /search/code',
    'GET https://api.github.com/users/octocat/repos': 'GET /users/{}/{}',
    'GET https://github.example.com/api/v3/user/repos': 'GET /user/repos',
  };
  for (const [route, pattern] of Object.entries(patterns))
    it(`of ${route} is ${pattern}`, () => assert.equal(routePattern(route), pattern));
});

it('says of a refused access token one of three things', () => {
  assert.equal(tokenRefusal('"exp" claim timestamp check failed'), 'expired');
  assert.equal(tokenRefusal('expired'), 'expired');
  assert.equal(tokenRefusal('its grant has ended'), 'session_over');
  assert.equal(tokenRefusal('Invalid Compact JWS'), 'not_valid_here');
});
