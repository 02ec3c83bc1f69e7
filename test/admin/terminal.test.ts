// How a command answers: answers apart from everything else, progress that does not flood a log, and a question that
// somebody must be there to answer.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { Misuse } from '../../src/admin/command.ts';
import { createTerminal } from '../../src/admin/terminal.ts';

type Options = Parameters<typeof createTerminal>[0];

/** A terminal whose streams are in memory. */
function open(options: Options = {}, isTTY = true) {
  const [stdin, stdout, stderr] = [0, 1, 2].map(() => Object.assign(new PassThrough(), { isTTY }));
  assert.ok(stdin && stdout && stderr);
  const read = (stream: PassThrough) => String(stream.read() ?? '');
  const terminal = createTerminal(options, { stdin, stdout, stderr });
  return { terminal, stdin, out: () => read(stdout), err: () => read(stderr) };
}

describe('the terminal of a command', () => {
  it('answers in words, or in JSON, apart from everything else', () => {
    const [words, json] = [open(), open({ json: true })];
    for (const { terminal } of [words, json]) {
      terminal.answer({ ended: 1 }, 'Ended 1.');
      terminal.note('A note.');
    }
    assert.deepEqual([words.out(), words.err()], ['Ended 1.\n', 'A note.\n']);
    assert.deepEqual([JSON.parse(json.out()), json.err()], [{ ended: 1 }, 'A note.\n']);
  });

  it('shows progress in one line, which any other line erases', () => {
    const { terminal, err } = open();
    terminal.progress('1 of 2');
    terminal.progress('2 of 2');
    terminal.note('Done.');
    terminal.note('Really.');
    assert.equal(err(), '\r\u001B[2K1 of 2\r\u001B[2K2 of 2\r\u001B[2KDone.\nReally.\n');
  });

  it('writes progress as a line every five seconds where there is no terminal', () => {
    let now = 1000;
    const { terminal, err } = open({ now: () => now }, false);
    for (const [at, text] of [
      [1000, 'one'],
      [5999, 'two'],
      [6000, 'three'],
      [7000, 'four'],
      [11_000, 'five'],
    ] as const) {
      now = at;
      terminal.progress(text);
    }
    assert.equal(err(), 'three\nfive\n');
  });

  it('asks, and takes only yes for a yes', async () => {
    for (const [typed, expected] of [
      ['y\n', true],
      ['Yes\n', true],
      ['n\n', false],
      ['\n', false],
      ['yesterday\n', false],
    ] as const) {
      const { terminal, stdin, err } = open();
      const answer = terminal.confirm('End 3 sessions');
      stdin.write(typed);
      assert.equal(await answer, expected, typed);
      assert.equal(err(), 'End 3 sessions? [y/N] ');
    }
  });

  it('takes the end of the input, and Ctrl-C, for a no', async () => {
    const ended = open();
    const answer = ended.terminal.confirm('End them');
    ended.stdin.end();
    assert.equal(await answer, false);
    const interruption = new AbortController();
    const interrupted = open({ signal: interruption.signal }).terminal.confirm('End them');
    interruption.abort();
    assert.equal(await interrupted, false);
    const { signal } = interruption;
    assert.equal(await open({ signal, yes: true }).terminal.confirm('End them'), false, 'also one before the question');
  });

  it('asks nobody with --yes, and refuses where nobody can be asked', async () => {
    assert.equal(await open({ yes: true }, false).terminal.confirm('End them'), true);
    await assert.rejects(
      open({}, false).terminal.confirm('End 3 sessions'),
      (error) => error instanceof Misuse && /^End 3 sessions: nobody can be asked here; give --yes/.test(error.message),
    );
  });
});
