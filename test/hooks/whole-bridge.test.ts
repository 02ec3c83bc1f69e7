// The event hook of a whole bridge: what a login and its end send, and that nothing waits for a receiver that hangs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { start } from '../programs.ts';
import { connect, postForm } from '../support/oauth.ts';
import { runBridge } from '../support/run-bridge.ts';
import { simulatedApp } from '../support/simulated-app.ts';
import { until } from '../support/until.ts';
import { SECRET, startReceiver } from './receiver.ts';

it('a bridge sends who connected and who left, and lets nobody wait for the receiver', async (t) => {
  const receiver = await startReceiver(t);
  // The first events of each order wait for an answer until the bridge has answered everybody.
  const held: (() => void)[] = [];
  receiver.answer = (response) => void held.push(() => response.writeHead(204).end());
  const { url, github, env: app } = await simulatedApp();
  t.after(() => github.close());
  const folder = mkdtempSync(join(tmpdir(), 'bridge-hook-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...app, DATA_DIR: folder, EVENTS_WEBHOOK_URL: receiver.url, EVENTS_WEBHOOK_SECRET: SECRET };
  const bridge = await runBridge(env);
  t.after(() => bridge.close());

  const { client, tokens } = await connect(url);
  const revoked = await postForm(`${url}/revoke`, { token: tokens.refresh_token ?? '', client_id: client.client_id });
  assert.equal(revoked.status, 200);
  const types = () => receiver.received.map(({ event }) => event.type);
  assert.ok(!types().includes('grant.ended'), 'it waits behind the events before it');
  receiver.answer = (response) => void response.writeHead(204).end();
  for (const answer of held) answer();

  await until(() => types().includes('grant.ended'), { what: 'the end of the session' });
  const about = ['client.registered', 'consent.allowed', 'login.completed', 'grant.ended'];
  for (const type of about) assert.ok(types().includes(type), type);
  assert.ok(types().indexOf('login.completed') < types().indexOf('grant.ended'));
  const login = receiver.received.find(({ event }) => event.type === 'login.completed')?.event.data;
  assert.partialDeepStrictEqual(login, { clientId: client.client_id, githubLogin: 'octocat', scope: ['read:user'] });
  const all = receiver.received.map(({ body }) => body).join('\n');
  for (const secret of [tokens.access_token, tokens.refresh_token]) assert.ok(!all.includes(String(secret)));

  // What an operator does by a command is sent by that command.
  const again = await connect(url);
  const { stdout } = await start('admin/main.ts', env, ['sessions', 'list', '--json']).ended;
  const name = /"session": "([^"]+)"/.exec(stdout)?.[1] ?? assert.fail(stdout);
  const { code, stderr } = await start('admin/main.ts', env, ['sessions', 'end', name]).ended;
  assert.equal(code, 0, stderr);
  const last = receiver.received.findLast(({ event }) => event.type === 'grant.ended')?.event.data;
  assert.partialDeepStrictEqual(last, { clientId: again.client.client_id, by: 'operator' });
});
