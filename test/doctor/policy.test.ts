// What the doctor says about the organisation policy.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doctor, useSetup } from './fixtures.ts';

describe('the doctor on the organisation policy', () => {
  const setup = useSetup('sqlite');

  it('says where the permission to ask GitHub comes from', async () => {
    const policy = { ...setup.env, ALLOWED_GITHUB_ORGS: 'octo-org,hidden-lab/research' };
    const before = await doctor(policy);
    assert.ok(before.well);
    assert.match(
      before.text,
      /organisation policy: members of octo-org, hidden-lab\/research may in; SCOPES lacks read:org/,
    );
    const withScope = await doctor({ ...policy, SCOPES: 'read:user,admin:org' });
    assert.match(withScope.text, /SCOPES contains read:org/);
    const githubApp = await doctor({ ...policy, GITHUB_CLIENT_ID: 'Iv23li-app' });
    assert.match(githubApp.text, /"Members: read"/);
  });
});
