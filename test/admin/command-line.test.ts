// The command line of the operator's commands: what was typed, before anything is opened.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, Misuse } from '../../src/admin/command.ts';
import { readCommandLine } from '../../src/admin/command-line.ts';

const run = async () => undefined;
const COMMANDS: readonly Command[] = [
  { words: 'things list', synopsis: '[TEXT]', about: 'lists things', run },
  {
    words: 'things end',
    synopsis: 'THING [REASON]',
    about: 'ends a thing',
    options: { at: { type: 'string', value: 'TIME', about: 'when' }, now: { type: 'boolean', about: 'at once' } },
    run,
  },
  { words: 'count', about: 'counts', run },
];
const read = (line: string) => readCommandLine(line.split(' ').filter(Boolean), COMMANDS, 'admin');
const refused = (line: string, message: RegExp) =>
  assert.throws(
    () => read(line),
    (error: unknown) => error instanceof Misuse && message.test(error.message) && !error.message.includes('\n'),
  );

describe('the command line', () => {
  it('finds a command by its words, and what follows them', () => {
    const line = read('things end one because --at noon --json');
    assert.ok('command' in line);
    assert.equal(line.command.words, 'things end');
    assert.deepEqual(line.args.positionals, ['one', 'because']);
    assert.deepEqual({ ...line.args.options }, { at: 'noon', json: true });
  });

  it('says in one line what is wrong, and how it should be', () => {
    refused('things end', /^THING is missing: usage: admin things end THING \[REASON\] \[--at TIME\] \[--now\]$/);
    refused('things end a b c', /^"c" is one too many: usage: admin things end /);
    refused('count --nonsense', /^unknown option '--nonsense'.*: usage: admin count$/);
    refused('things end a --at', /^option '--at <value>' argument missing: usage: /);
    refused('things', /^no command "things": it is one of "things list", "things end"; --help explains them$/);
    refused('nonsense', /^no command "nonsense": it is one of "things list", "things end", "count"; /);
  });

  it('takes a name that begins with a dash, of which some clients and sessions have one', () => {
    const argumentsOf = (line: string) => {
      const found = read(line);
      assert.ok('command' in found, line);
      return { positionals: found.args.positionals, options: { ...found.args.options } };
    };
    assert.deepEqual(argumentsOf('things end -Ab_c-d -x'), { positionals: ['-Ab_c-d', '-x'], options: {} });
    assert.deepEqual(argumentsOf('things end one --at -3h --now'), {
      positionals: ['one'],
      options: { at: '-3h', now: true },
    });
    assert.deepEqual(argumentsOf('things end --now -- --json -h'), {
      positionals: ['--json', '-h'],
      options: { now: true },
    });
    assert.deepEqual(argumentsOf('things end one --at=--x').options, { at: '--x' });
    assert.deepEqual(argumentsOf('things end -').positionals, ['-']);
    refused(
      'things end --Ab_c-d',
      /^unknown option '--Ab_c-d' \(a name that begins so comes after --\): usage: admin /,
    );
    refused('things end one --at --x', /^option '--at' argument is ambiguous: usage: admin things end /);
  });

  it('refuses an empty name, such as that of a variable that is not set', () => {
    const line = ['things', 'end', '', 'because'];
    assert.throws(() => readCommandLine(line, COMMANDS, 'admin'), /^Misuse: THING is empty: usage: admin things end /);
    const list = readCommandLine(['things', 'list', ''], COMMANDS, 'admin');
    assert.ok('command' in list, 'a text to search for may be empty');
  });

  it('explains one command, a group of them, or all', () => {
    const helpOf = (line: string) => {
      const found = read(line);
      assert.ok('help' in found, line);
      return found.help;
    };
    assert.match(
      helpOf('things end --help'),
      /^usage: admin things end .*\n\nEnds a thing\.\n\n.* {2}--at TIME {2}when\n/s,
    );
    assert.match(helpOf('things --help'), /things list \[TEXT\] .*things end THING/s);
    assert.doesNotMatch(helpOf('things --help'), /counts/);
    assert.equal(helpOf('things end -h'), helpOf('things end --help'));
    for (const line of ['', '--help', '-h']) assert.match(helpOf(line), / {2}count {20,}counts\n/);
  });

  it('lets a command look at its arguments before anything is opened', () => {
    const check = () => {
      throw new Misuse('TIME is none');
    };
    assert.throws(
      () => readCommandLine(['count'], [{ words: 'count', about: 'counts', run, check }], 'admin'),
      /TIME is none/,
    );
  });
});
