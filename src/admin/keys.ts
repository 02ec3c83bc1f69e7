/** `keys …`: the signing keys. */
import { isoTime } from '../base/iso-time.ts';
import { SIGNING_ALGORITHMS } from '../security/keys.ts';
import { type Command, YES } from './command.ts';
import { aligned } from './options.ts';

const COLUMNS = ['KEY', 'ALGORITHM', 'CREATED', 'SIGNS FROM', 'UNTIL', 'SIGNS NOW'];

export const keyCommands: readonly Command[] = [
  {
    words: 'keys list',
    about: 'lists the published signing keys: when each was made, from when until when it signs, and which sign now',
    async run({ bridge, terminal }) {
      const { keys } = bridge.services;
      const lists = SIGNING_ALGORITHMS.map(async (algorithm) => {
        const [{ kid: signing }, list] = await Promise.all([keys.current(algorithm), keys.list(algorithm)]);
        return list.map(({ kid, createdAt, activeFrom }, index) => {
          const next = list[index + 1]?.activeFrom;
          return {
            kid,
            algorithm,
            created_at: isoTime(createdAt),
            signs_from: isoTime(activeFrom),
            signs_until: next === undefined ? null : isoTime(next),
            signs: kid === signing,
          };
        });
      });
      const published = (await Promise.all(lists)).flat();
      const rows = published.map((key) => [
        key.kid,
        key.algorithm,
        key.created_at,
        key.signs_from,
        key.signs_until ?? '-',
        key.signs ? 'yes' : 'no',
      ]);
      terminal.answer({ keys: published }, aligned(COLUMNS, rows).join('\n'));
    },
  },
  {
    words: 'keys rotate',
    about: 'makes new signing keys; they sign after being published for a day',
    options: { now: { type: 'boolean', about: 'lets them sign at once' } },
    async run({ bridge, terminal }, { options: { now } }) {
      await bridge.services.keys.rotate(now === true);
      const when = now === true ? 'now' : 'in a day';
      terminal.answer({ signs: when }, `New signing keys are published; they sign ${when}.`);
    },
  },
  {
    words: 'keys retire',
    about: 'replaces the signing keys, when one has leaked: all access and ID tokens end',
    options: YES,
    async run({ bridge, terminal }) {
      if (!(await terminal.confirm('Replace the signing keys, and end all access and ID tokens')))
        return terminal.answer({ retired: false }, 'Replaced no key.');
      await bridge.services.keys.retireAll();
      terminal.answer(
        { retired: true },
        [
          'The signing keys are replaced. What the old ones signed ends here within a minute; clients refresh by themselves.',
          'Other resource servers accept it until they read the key set again.',
        ].join('\n'),
      );
    },
  },
];
