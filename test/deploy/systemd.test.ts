// The unit of systemd in deploy/: systemd takes it, finds it well protected, and it sets only settings.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NAMES } from '../../src/config/settings.ts';

const run = promisify(execFile);
const UNIT = fileURLToPath(new URL('../../deploy/systemd/mcp-github-bridge.service', import.meta.url));
const text = readFileSync(UNIT, 'utf8');

/** The version of systemd-analyze; undefined when there is none. */
const version = await run('systemd-analyze', ['--version']).then(
  ({ stdout }) => Number(/^systemd (\d+)/.exec(stdout)?.[1]),
  () => undefined,
);
const skip = version === undefined || version < 250 ? 'no systemd-analyze of systemd 250 or newer' : false;

describe('the unit of systemd', () => {
  it('is taken by systemd, without a warning', { skip }, async (t) => {
    // Where it is not installed, its folder is not there; neither is, perhaps, its Node.
    const folder = mkdtempSync(join(tmpdir(), 'bridge-unit-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const unit = join(folder, 'mcp-github-bridge.service');
    writeFileSync(unit, text.replaceAll('/usr/bin/node', process.execPath));
    const { stderr } = await run('systemd-analyze', ['verify', unit]);
    assert.doesNotMatch(stderr, /mcp-github-bridge/);
    writeFileSync(unit, text.replace('ProtectSystem=strict', 'ProtectSystem=nonsense'));
    const wrong = await run('systemd-analyze', ['verify', unit]).catch((error: { stderr: string }) => error);
    assert.match(wrong.stderr, /nonsense/);
  });

  it('is exposed to little, in the judgement of systemd', { skip }, async () => {
    // Of 100; it fails above that.
    await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', UNIT]);
  });

  it('sets only settings, and gives each secret as a credential', () => {
    const set = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, words = '']) => words.split(' '));
    const names = set.map((each) => each.replace(/=.*/, ''));
    assert.deepEqual(
      names.filter((name) => !NAMES.includes(name)),
      ['NODE_ENV'],
    );
    const credentials = [...text.matchAll(/^LoadCredential=([\w-]+):/gm)].map(([, name = '']) => `%d/${name}`);
    assert.deepEqual(
      set.filter((each) => each.includes('_FILE=')).map((each) => each.replace(/.*=/, '')),
      credentials,
    );
  });

  it('leaves more time to stop than a stop takes', () => {
    assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) >= 30 + 5 + 10);
  });
});
