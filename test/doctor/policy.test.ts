// What the doctor says about the organisation policy.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { checkPolicy } from '../../src/doctor/policy.ts';

describe('the doctor on the organisation policy', () => {
  /** The text of the only finding. */
  function said(env: Record<string, string>): string {
    const app = { GITHUB_CLIENT_ID: 'Ov23li-app', GITHUB_CLIENT_SECRET: 'secret' };
    const policy = { ALLOWED_GITHUB_ORGS: 'octo-org,hidden-lab/research' };
    const [finding, ...more] = checkPolicy(readConfig({ ...app, ...policy, ...env }));
    assert.deepEqual(more, []);
    assert.ok(finding !== undefined && 'ok' in finding);
    return `${finding.check}: ${finding.ok}`;
  }

  it('says where the permission to ask GitHub comes from', () => {
    assert.match(
      said({}),
      /organisation policy: members of octo-org, hidden-lab\/research may in; SCOPES lacks read:org/,
    );
    assert.match(said({ SCOPES: 'read:user,admin:org' }), /SCOPES contains read:org/);
    assert.match(said({ GITHUB_CLIENT_ID: 'Iv23li-app' }), /"Members: read"/);
  });

  it('says nothing when there is no policy', () => {
    assert.deepEqual(checkPolicy(readConfig({ GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' })), []);
  });
});
