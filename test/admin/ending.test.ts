// Ending many sessions: nothing ends before the operator says yes, and Ctrl-C stops between two.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { endEach, endSelected } from '../../src/admin/ending.ts';
import { createTerminal } from '../../src/admin/terminal.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';

onBothStores('ending many sessions', (kind) => {
  const bridge = useBridge({ store: kind });

  /** Runs it as on a terminal where somebody types an answer; Ctrl-C comes when this is written. */
  async function end(typed: string, interruptAt?: string) {
    const interruption = new AbortController();
    const { signal } = interruption;
    const [stdin, stdout, stderr] = [0, 1, 2].map(() => Object.assign(new PassThrough(), { isTTY: true }));
    assert.ok(stdin && stdout && stderr);
    let written = '';
    stderr.on('data', (chunk) => {
      written += String(chunk);
      if (String(chunk).includes('? [y/N]')) stdin.write(typed);
    });
    const terminal = createTerminal({ json: true, signal }, { stdin, stdout, stderr });
    const progress = (text: string) => {
      terminal.progress(text);
      if (text === interruptAt) interruption.abort();
    };
    const context = { bridge: bridge.bridge, terminal: { ...terminal, progress }, signal };
    await endSelected(context, { client: 'many' });
    return { ...JSON.parse(String(stdout.read())), written };
  }
  const count = async () => (await bridge.bridge.directory.search('client:many')).sessions.length;

  it('says how many have ended when one cannot be ended', async () => {
    const written: string[] = [];
    const context = {
      signal: new AbortController().signal,
      terminal: { ...createTerminal({}, process), progress: (text: string) => void written.push(text) },
    };
    const ending = endEach(context, [2, 1, 0], 4, async (count) => {
      if (count === 0) throw new Error('the store does not answer');
      return count;
    });
    await assert.rejects(ending, /^Error: stopped after 3 of 4 sessions: the store does not answer$/);
    assert.deepEqual(written, ['ended 2 of 4 sessions', 'ended 3 of 4 sessions']);
  });

  it('happens after a yes, and stops at Ctrl-C after a whole one; the same again goes on', async () => {
    for (const login of ['octocat', 'hubot', 'octocat', 'hubot', 'monalisa'])
      await connect(bridge.url, { login, metadata: { client_name: 'Many' } });
    await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'Many others' } });

    const refused = await end('n\n');
    assert.deepEqual([refused.ended, refused.stopped], [[], false]);
    assert.match(refused.written, /End 5 sessions of 3 people\? \[y\/N\] /);
    assert.equal(await count(), 6);

    const found = await end('y\n', 'found 5 sessions');
    assert.deepEqual([found.ended, found.stopped], [[], true], 'Ctrl-C while it looks for sessions ends none');

    const interrupted = await end('y\n', 'ended 2 of 5 sessions');
    assert.deepEqual([interrupted.ended.length, interrupted.stopped], [2, true]);
    assert.equal(await count(), 4);
    const rest = await end('y\n');
    assert.deepEqual([rest.ended.length, rest.stopped], [3, false]);
    assert.equal(await count(), 1, 'a client whose name only begins so is another');
  });
});
