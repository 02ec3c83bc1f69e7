/** `keys …`: the signing keys. */
import type { Command } from './command.ts';

export const keyCommands: readonly Command[] = [
  {
    words: 'keys list',
    about: 'lists the published signing keys, and says which sign now',
    async run({ bridge, terminal }) {
      const { keys } = bridge.services;
      const signing = await Promise.all((['ES256', 'RS256'] as const).map((algorithm) => keys.current(algorithm)));
      const published = (await keys.jwks()).keys.map(({ kid, alg }) => ({
        kid: kid ?? '',
        algorithm: alg ?? '',
        signs: signing.some((key) => key.kid === kid),
      }));
      const lines = published.map(
        ({ kid, algorithm, signs }) => `${kid}  ${algorithm}  ${signs ? 'signs' : 'published'}`,
      );
      terminal.answer({ keys: published }, lines.join('\n'));
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
    async run({ bridge, terminal }) {
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
