// `npm run admin`: the operator's commands, beside a bridge that serves from the same store; 0 when done, 2 for a command
// line or a configuration that cannot be used, 1 when a command cannot be carried out.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { readConfig } from '../../src/config/config.ts';
import { withGeneratedSecret } from '../../src/config/generated-secret.ts';
import type { GithubBridge } from '../../src/github-bridge.ts';
import { EventBus } from '../../src/observe/events.ts';
import { openStore } from '../../src/open-store.ts';
import { wire } from '../../src/wiring.ts';
import { start } from '../programs.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import { callTool, connect } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { runBridge } from '../support/run-bridge.ts';

describe('the admin command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-admin-'));
  let url: string;
  let env: Record<string, string>;
  let github: SimulatedGitHub;
  let serving: GithubBridge;
  before(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    const app = { clientId: 'admin', clientSecret: 'commands', callbackUrls: [`${url}/github/callback`] };
    github = createSimulatedGitHub({ apps: [{ kind: 'oauth-app', name: 'Admin', ...app }] });
    env = {
      GITHUB_CLIENT_ID: app.clientId,
      GITHUB_CLIENT_SECRET: app.clientSecret,
      GITHUB_URL: await github.listen(),
      PORT: String(port),
      DATA_DIR: folder,
      UPSTREAMS_FILE,
    };
    serving = await runBridge(env);
  });
  after(async () => {
    await serving.close();
    await github.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const admin = (...args: string[]) => start('admin/main.ts', env, args).ended;

  it('says how it is used, and exits with 2, for a command that it does not know', async () => {
    const { code, stdout, stderr } = await admin('nonsense');
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^no command "nonsense": it is one of "sessions list", .*; --help explains them\n$/);
  });

  it('says how it is used before it asks for any setting', async () => {
    for (const args of [
      ['sessions', 'end'],
      ['keys', 'rotate', '--nonsense'],
      ['stats', 'more'],
    ]) {
      const { code, stderr } = await start('admin/main.ts', {}, args).ended;
      assert.equal(code, 2);
      assert.match(stderr, /^.+: usage: npm run admin -- .+\n$/, args.join(' '));
    }
  });

  it('makes no store where there is none, and says so', async () => {
    const nowhere = join(folder, 'nowhere');
    const { code, stderr } = await start('admin/main.ts', { ...env, DATA_DIR: nowhere }, ['keys', 'retire']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /no store in .*nowhere: set DATA_DIR \(or REDIS_URL\) as the bridge has it/);
    assert.equal(existsSync(nowhere), false);
  });

  it('leaves a line in the audit trail for what it ends', async () => {
    const { tokens } = await connect(url, { login: 'hubot', metadata: { client_name: 'Audited' } });
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 200);
    const [, name = ''] = /^(\S+) {2}hubot/m.exec((await admin('sessions', 'list', 'Audited')).stdout) ?? [];
    const { stderr } = await admin('sessions', 'end', name);
    const ended = stderr.split('\n').filter((line) => line.includes('"grant.ended"'));
    assert.equal(ended.length, 1);
    const actor = { kind: 'operator', name: userInfo().username };
    const line = { audit: true, reason: 'administrator', by: 'operator', via: 'command', actor };
    assert.partialDeepStrictEqual(JSON.parse(ended[0] ?? ''), line);
    // The story has it too, which the serving bridge began.
    const { happenings } = JSON.parse((await admin('trace', name, '--json')).stdout);
    assert.equal(happenings[0].event, 'consent.shown');
    assert.partialDeepStrictEqual(happenings.at(-1), { event: 'grant.ended', via: 'command', actor: actor.name });
    const { stdout } = await admin('trace', name);
    assert.match(stdout, /^login [0-9a-z]{16}\n\d{4}-.* {2}the person was asked for consent {2}client /);
  });

  it('refuses to trace what is no login, before anything is opened', async () => {
    const { code, stdout, stderr } = await start('admin/main.ts', {}, ['trace', 'nonsense']).ended;
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^"nonsense" names no login: write the 16 letters .*\n$/);
  });

  it('says what is wrong with the configuration, and exits with 2', async () => {
    const { code, stderr } = await start('admin/main.ts', { DATA_DIR: folder }, ['stats']).ended;
    assert.equal(code, 2);
    assert.match(stderr, /GITHUB_CLIENT_ID: missing/);
  });

  it('lists sessions, counts them, and ends one by a beginning of its name, at once and at GitHub too', async () => {
    const { tokens } = await connect(url, { login: 'monalisa', metadata: { client_name: 'An editor' } });
    const [all, counted] = await Promise.all([admin('sessions', 'list', 'EDITOR'), admin('stats')]);
    const [, name = '', server] =
      /^(\S+) {2}monalisa {2}An editor {2}(\S+) {2}last used \S+\n1 shown\n$/.exec(all.stdout) ?? [];
    assert.equal(server, `${url}/mcp`);
    assert.match(name, /^[\w-]{16}\.[\w-]{16}$/, all.stdout);
    assert.equal(JSON.parse(counted.stdout).sessions, 1);

    const unknown = await admin('sessions', 'end', 'nonsense');
    assert.deepEqual({ code: unknown.code, stdout: unknown.stdout }, { code: 1, stdout: '' });
    assert.match(unknown.stderr, /no such session, or several/);
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 200);

    const { code, stdout } = await admin('sessions', 'end', name.slice(0, 12));
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `Ended ${name}.\n` });
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 401);
    assert.deepEqual(github.liveTokens(), []);
  });

  it('lists with each session the MCP server that gets its calls, and what it gets with them', async () => {
    const resource = `${url}/mcp/github`;
    await connect(url, { login: 'hubot', parameters: { resource } });
    const { stdout } = await admin('sessions', 'list', 'mcp/GITHUB');
    assert.match(
      stdout,
      / {2}hubot {2}Test client {2}\S+ → github-mcp\.octo\.example \(credential: github\) {2}last used /,
    );
    assert.ok(stdout.includes(`  ${resource} → `), stdout);
  });

  it('makes new keys, which are published for a day before they sign, or sign at once with --now', async () => {
    /** What a bridge finds that reads the keys now. */
    const keys = async () => {
      const config = withGeneratedSecret(readConfig(env));
      const store = await openStore(config, { serving: false });
      const bridge = await wire(config, { store, events: new EventBus() });
      const { keys } = bridge.services;
      const found = { signing: (await keys.current('ES256')).kid, published: (await keys.jwks()).keys.length };
      await bridge.close();
      await store.close();
      return found;
    };
    const before = await keys();
    const { code, stdout } = await admin('keys', 'rotate');
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'New signing keys are published; they sign in a day.\n' });
    assert.deepEqual(await keys(), { signing: before.signing, published: before.published + 2 });
    assert.equal((await admin('keys', 'rotate', '--now')).stdout, 'New signing keys are published; they sign now.\n');
    const after = await keys();
    assert.notEqual(after.signing, before.signing);
    assert.equal(after.published, before.published + 4);
  });
});
