// `npm run admin`: the operator's commands, beside a bridge that serves from the same store; 0 when done, 2 for a command
// line or a configuration that cannot be used, 1 when a command cannot be carried out.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SimulatedGitHub } from '../../demo/github/index.ts';
import { commands } from '../../src/admin/commands.ts';
import { readConfig } from '../../src/config/config.ts';
import { withGeneratedSecret } from '../../src/config/generated-secret.ts';
import type { GithubBridge } from '../../src/github-bridge.ts';
import { EventBus } from '../../src/observe/events.ts';
import { openStore } from '../../src/open-store.ts';
import { wire } from '../../src/wiring.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import { callTool, connect } from '../support/oauth.ts';
import { runBridge } from '../support/run-bridge.ts';
import { simulatedApp } from '../support/simulated-app.ts';
import { startAdmin } from './program.ts';

describe('the admin command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-admin-'));
  let url: string;
  let env: Record<string, string>;
  let github: SimulatedGitHub;
  let serving: GithubBridge;
  before(async () => {
    const app = await simulatedApp();
    ({ url, github } = app);
    env = { ...app.env, DATA_DIR: folder, UPSTREAMS_FILE };
    serving = await runBridge(env);
  });
  after(async () => {
    await serving.close();
    await github.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const admin = (...args: string[]) => startAdmin(env, args).ended;
  const json = ({ stdout }: { stdout: string }) => JSON.parse(stdout);

  it('says how it is used, and exits with 2, for a command that it does not know', async () => {
    const { code, stdout, stderr } = await admin('nonsense');
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^no command "nonsense": it is one of "sessions list", .*; --help explains them\n$/);
  });

  it('says how it is used before it asks for any setting', async () => {
    for (const args of [
      ['sessions', 'show'],
      ['keys', 'rotate', '--nonsense'],
      ['stats', 'more'],
      ['people', 'list', '--after', 'nonsense'],
      ['sessions', 'list', '--sort', 'created', '--after', 'login:octocat abc'],
    ]) {
      const { code, stderr } = await startAdmin({}, args).ended;
      assert.equal(code, 2);
      assert.match(stderr, /^.+: usage: npm run admin -- .+\n$/, args.join(' '));
    }
  });

  it('makes no store where there is none, and says so', async () => {
    const nowhere = join(folder, 'nowhere');
    const { code, stderr } = await startAdmin({ ...env, DATA_DIR: nowhere }, ['keys', 'retire']).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^DATA_DIR: no store in \S*nowhere\. Set it, or REDIS_URL, as the bridge has it\.\n$/);
    assert.equal(existsSync(nowhere), false);
  });

  it('leaves a line in the audit trail for what it ends', async () => {
    const { tokens } = await connect(url, { login: 'hubot', metadata: { client_name: 'Audited' } });
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 200);
    const [, name = ''] = /^(\S+) {2}hubot {2}/m.exec((await admin('sessions', 'list', 'Audited')).stdout) ?? [];
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
    const { code, stdout, stderr } = await startAdmin({}, ['trace', 'nonsense']).ended;
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^"nonsense" names no login: write the 16 letters .*\n$/);
  });

  it('says what is wrong with the configuration, and exits with 2', async () => {
    const { code, stderr } = await startAdmin({ DATA_DIR: folder }, ['stats']).ended;
    assert.equal(code, 2);
    assert.match(stderr, /GITHUB_CLIENT_ID: missing/);
  });

  it('lists sessions, counts them, and ends one by a beginning of its name, at once and at GitHub too', async () => {
    const { tokens } = await connect(url, { login: 'monalisa', metadata: { client_name: 'An editor' } });
    const [all, counted] = await Promise.all([admin('sessions', 'list', 'EDITOR'), admin('stats', '--json')]);
    const [, name = '', server] =
      /^SESSION +LOGIN +CLIENT +SERVER +LAST USED\n(\S+) {2}monalisa {2}An editor {2}(\S+) {2}\d{4}-\S+Z\n1 shown\n$/.exec(
        all.stdout,
      ) ?? [];
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
      / {2}hubot {2}Test client {2}\S+ → github-mcp\.octo\.example \(credential: github\) {2}\d{4}-/,
    );
    assert.ok(stdout.includes(`  ${resource} → `), stdout);
  });

  it('shows one session, and one in JSON', async () => {
    const { client } = await connect(url, { login: 'monalisa', metadata: { client_name: 'Shown' } });
    const { sessions } = json(await admin('sessions', 'list', client.client_id, '--json'));
    const shown = await admin('sessions', 'show', sessions[0].session.slice(0, 12));
    assert.match(shown.stdout, /^login {9}monalisa$/m);
    assert.deepEqual(json(await admin('sessions', 'show', sessions[0].session, '--json')), sessions[0]);
    assert.equal((await admin('sessions', 'show', 'nonsense')).code, 1);
  });

  it('lists people in pages, and leads to the next', async () => {
    for (const login of ['hubot', 'octocat']) await connect(url, { login });
    const logins: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = json(await admin('people', 'list', '--limit', '1', '--json', ...(after ? ['--after', after] : [])));
      logins.push(...page.people.map((person: { login: string }) => person.login));
      after = page.next;
    }
    assert.deepEqual(logins, ['hubot', 'monalisa', 'octocat']);
    const { stdout } = await admin('people', 'list', '--limit', '1');
    assert.match(
      stdout,
      /^PERSON +LOGIN +SESSIONS +LAST USED +BLOCKED\nid:\d+ +hubot +\d+ +\d{4}-\S+Z +-\n1 shown, and there are more: --after 'login:hubot /,
    );
    assert.equal(
      json(await admin('people', 'list', `id:${github.account('octocat').id}`, '--json')).people[0].login,
      'octocat',
    );
  });

  it('ends the sessions to which all that is named applies, after asking', async () => {
    const named = { client_name: 'To be ended' };
    const read = await connect(url, { login: 'octocat', metadata: named, parameters: { scope: 'read:user' } });
    const write = await connect(url, { login: 'octocat', metadata: named, parameters: { scope: 'repo' } });
    const other = await connect(url, { login: 'hubot', metadata: named, parameters: { scope: 'repo' } });
    const alive = async () =>
      Promise.all(
        [read, write, other].map(
          async ({ tokens }) => (await callTool(url, tokens.access_token, 'get_auth_status')).status,
        ),
      );

    const asked = await admin('sessions', 'end', '--client', 'to be ENDED');
    assert.deepEqual({ code: asked.code, stdout: asked.stdout }, { code: 2, stdout: '' });
    assert.match(asked.stderr, /^End 3 sessions of 2 people: nobody can be asked here; give --yes/m);
    assert.deepEqual(await alive(), [200, 200, 200], 'nothing has ended');

    const one = await admin('sessions', 'end', '--client', 'to be ended', '--person', 'octocat', '--scope', 'repo');
    assert.match(one.stdout, /^Ended [\w-]{16}\.[\w-]{16}\.\n$/);
    assert.deepEqual(await alive(), [200, 401, 200]);
    const all = json(await admin('sessions', 'end', '--client', 'To be ended', '--yes', '--json'));
    assert.deepEqual([all.ended.length, all.stopped], [2, false]);
    assert.deepEqual(await alive(), [401, 401, 401]);
    const none = await admin('sessions', 'end', '--client', 'To be ended', '--yes');
    assert.deepEqual([none.code, none.stderr], [1, 'no session matches; nothing was ended\n']);
  });

  it('ends all sessions of a person, and blocks and unblocks one, here or never', async () => {
    await connect(url, { login: 'hubot' });
    const { code, stdout } = await admin('people', 'end', 'HUBOT', '--yes');
    assert.deepEqual({ code, ended: /^Ended \d+ sessions?\.\n$/.test(stdout) }, { code: 0, ended: true });
    const { tokens } = await connect(url, { login: 'hubot' });
    const { id } = github.account('hubot');
    const blocked = await admin('people', 'block', 'hubot', 'left the company');
    assert.equal(blocked.stdout, `Blocked hubot (id:${id}), and ended 1 session.\n`);
    assert.match(blocked.stderr, /"event":"person.blocked".*"reason":"left the company"/);
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 401);
    await assert.rejects(connect(url, { login: 'hubot' }));
    assert.match(
      (await admin('people', 'block', 'id:99')).stdout,
      /^Blocked the account \(id:99\), and ended 0 sessions/,
    );
    assert.match((await admin('people', 'show', 'hubot')).stdout, /^id:\d+ +hubot +0 +- +\S+Z: left the company\n$/m);
    const list = json(await admin('people', 'list', '--blocked', '--json'));
    assert.deepEqual(list.people.map((person: { github_id: number }) => person.github_id).sort(), [99, id].sort());
    assert.equal((await admin('people', 'unblock', 'hubot')).stdout, 'Unblocked hubot.\n');
    assert.deepEqual((await admin('people', 'unblock', 'hubot')).code, 1);
    await connect(url, { login: 'hubot' });
  });

  it('lists and shows clients, and ends one with its registration', async () => {
    const { client, tokens } = await connect(url, { login: 'octocat', metadata: { client_name: 'Removed' } });
    const id = client.client_id;
    assert.equal(
      (await admin('clients', 'list', 'REMOVED')).stdout,
      `${'CLIENT'.padEnd(id.length)}  NAME     SESSIONS  PEOPLE\n${id}  Removed  1         1\n1 shown\n`,
    );
    const shown = json(await admin('clients', 'show', id, '--json'));
    assert.deepEqual([shown.client_name, shown.sessions, shown.metadata.client_name], ['Removed', 1, 'Removed']);
    const { stdout } = await admin('clients', 'end', id, '--remove');
    assert.equal(stdout, 'Ended 1 session, and removed the registration.\n');
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 401);
    assert.equal((await admin('clients', 'show', id)).code, 1);
    assert.equal((await admin('clients', 'end', id)).code, 1);
  });

  it('refuses what cannot be meant, with the usage, before it opens anything', async () => {
    for (const [line, problem] of [
      ['sessions end', /^name a SESSION, or give --person, --client or --scope: usage: npm run admin -- sessions end /],
      [
        'sessions end --person id:x',
        /^"id:x" names no person: write a GitHub login, or id: and the number of the account: usage: /,
      ],
      ['sessions list --limit 0', /^--limit 0 is no number from 1 to 1000: usage: /],
      ['people list --sort size', /^--sort size is none of login, created, last-used: usage: /],
      ['people list --blocked x', /^--blocked takes no TEXT and no --sort: usage: /],
      ['people block', /^PERSON is missing: usage: npm run admin -- people block PERSON \[REASON\] \[--yes\]/],
      ['clients end', /^CLIENT_ID is missing: usage: /],
    ] as const) {
      const { code, stderr } = await startAdmin({}, line.split(' ')).ended;
      assert.equal(code, 2, line);
      assert.match(stderr, problem);
    }
    const { code, stderr } = await admin('people', 'show', 'nobody-here');
    assert.deepEqual(
      [code, stderr],
      [1, 'nobody here has the login nobody-here: id: and the number names any account\n'],
    );
  });

  it('lists the signing keys, with the times from when until when they sign', async () => {
    const { keys } = json(await admin('keys', 'list', '--json'));
    for (const { created_at, signs_from, signs_until } of keys) {
      assert.equal(signs_from, created_at, 'the first keys sign at once');
      assert.ok(Date.now() - Date.parse(created_at) < 600_000);
      assert.equal(signs_until, null);
    }
    const { stdout } = await admin('keys', 'list');
    const row = String.raw`\S{43} +[ER]S256 +\S+Z +\S+Z +- +yes\n`;
    assert.match(stdout, new RegExp(`^KEY +ALGORITHM +CREATED +SIGNS FROM +UNTIL +SIGNS NOW\\n${row}${row}$`));
    assert.deepEqual(
      keys
        .filter(({ signs }: { signs: boolean }) => signs)
        .map(({ algorithm }: { algorithm: string }) => algorithm)
        .sort(),
      ['ES256', 'RS256'],
    );
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
    const listed = json(await admin('keys', 'list', '--json')).keys;
    const [old, next] = listed.filter((key: { algorithm: string }) => key.algorithm === 'ES256');
    assert.deepEqual([old.signs, old.signs_until, next.signs], [true, next.signs_from, false]);
    assert.equal(Date.parse(next.signs_from) - Date.parse(next.created_at), 86_400_000);
    assert.equal((await admin('keys', 'rotate', '--now')).stdout, 'New signing keys are published; they sign now.\n');
    const after = await keys();
    assert.notEqual(after.signing, before.signing);
    assert.equal(after.published, before.published + 4);
  });

  it('asks before it retires the signing keys', async () => {
    const { keys } = json(await admin('keys', 'list', '--json'));
    const asked = await admin('keys', 'retire');
    assert.deepEqual([asked.code, asked.stdout], [2, '']);
    assert.match(asked.stderr, /^Replace the signing keys, and end all access and ID tokens: nobody can be asked here/);
    assert.deepEqual(json(await admin('keys', 'list', '--json')).keys, keys);
    assert.match((await admin('keys', 'retire', '--yes')).stdout, /^The signing keys are replaced\. /);
    const fresh = json(await admin('keys', 'list', '--json')).keys;
    assert.equal(fresh.length, 2);
    for (const { kid } of keys) assert.ok(fresh.every((key: { kid: string }) => key.kid !== kid));
  });

  it('answers with one JSON value to --json, whatever the command', async () => {
    const { client } = await connect(url, { login: 'monalisa', metadata: { client_name: 'In JSON' } });
    const { sessions } = json(await admin('sessions', 'list', client.client_id, '--json'));
    const elsewhere = { ...env, DATA_DIR: join(folder, 'moved'), BRIDGE_SECRET_FILE: join(folder, 'secret') };
    const inTurn: string[][][] = [
      [
        ['sessions', 'show', sessions[0].session],
        ['people', 'show', 'monalisa'],
        ['people', 'block', 'id:98'],
        ['clients', 'list'],
      ],
      [
        ['stats'],
        ['trace', sessions[0].session],
        ['export', join(folder, 'export')],
        ['backup', join(folder, 'backup')],
      ],
      [
        ['people', 'unblock', 'id:98'],
        ['sessions', 'end', sessions[0].session],
        ['keys', 'rotate'],
        ['import', join(folder, 'export')],
      ],
      [
        ['people', 'list'],
        ['people', 'end', 'monalisa', '--yes'],
        ['clients', 'show', client.client_id],
        ['keys', 'list'],
      ],
      [
        ['clients', 'end', client.client_id, '--remove'],
        ['keys', 'retire', '--yes'],
        ['sessions', 'list'],
      ],
    ];
    assert.deepEqual(
      new Set(
        inTurn.flat().map(([one, two]) => commands.find(({ words }) => words === one || words === `${one} ${two}`)),
      ),
      new Set(commands),
    );
    for (const lines of inTurn)
      await Promise.all(
        lines.map(async (line) => {
          const ended = await startAdmin(line[0] === 'import' ? elsewhere : env, [...line, '--json']).ended;
          assert.equal(ended.code, 0, `${line.join(' ')}: ${ended.stderr}`);
          assert.equal(typeof json(ended), 'object');
        }),
      );
  });

  it('says in one short line, without control characters, what is wrong with what was typed', async () => {
    for (const [code, ...line] of [
      [2, 'people', 'show', 'é'.repeat(50_000)],
      [2, 'people', 'show', 'モナリザ'],
      [2, 'x'.repeat(100_000)],
      [2, 'sessions', 'list', '--limit', '9'.repeat(100_000)],
      [1, 'clients', 'show', `\u001B[31m${'c'.repeat(100_000)}\n`],
      [1, 'people', 'show', 'a'.repeat(100)],
      [1, 'sessions', 'show', '\u001B[31m\n'],
    ] as const) {
      const ended = await admin(...line);
      assert.deepEqual([ended.code, ended.stdout], [code, ''], ended.stderr);
      assert.match(ended.stderr, /^[^\p{Cc}]{10,1000}\n$/u);
    }
  });
});
