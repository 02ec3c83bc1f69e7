/** The settings of the event hook: rows of the table in `settings.ts`, and their kinds. */
import ipaddr from 'ipaddr.js';
import type { Events } from '../observe/events.ts';
import { AUDITED } from '../observe/logger.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import { items, secrets } from './kinds.ts';
import { type Kind, optional, setting } from './setting.ts';

/** The event of each call of an MCP server behind the bridge: sent only when it is named. */
const EACH_CALL = 'gateway.request';
/** Ranges of IP addresses that do not lead to the internet. */
const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
]);

/** The address of a receiver. Complaints do not repeat it, because it may hold a key. */
const hookAddress: Kind<string> = (value, complain) => {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '')
    complain('not an http or https URL without a fragment', 'Write for example https://hooks.example.com/bridge.');
  else if (url.username !== '' || url.password !== '')
    complain('a user or a password in it', 'Leave it out: the receiver knows the bridge by its signature.');
  else if (url.protocol === 'http:' && !isPrivate(url.hostname))
    complain(
      'http on a public address',
      'Use https. http is for loopback, private IP addresses and names without a dot.',
    );
  return value;
};

/** A name without a dot is a service of the same network, as in Docker Compose. */
function isPrivate(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(address)) return PRIVATE_RANGES.has(ipaddr.process(address).range());
  return isLoopbackHost(hostname) || !hostname.includes('.');
}

/** Secrets separated by commas, each a text or `whsec_` and base64. Complaints do not repeat them. */
const hookSecrets: Kind<readonly string[]> = (value, complain) => {
  const found = items(value);
  for (const secret of found)
    if (/^whsec_(?![A-Za-z0-9+/]+={0,2}$)/.test(secret))
      complain(
        'what follows whsec_ is not base64',
        'Generate one, for example with: echo whsec_$(openssl rand -base64 32)',
      );
  return secrets(value, complain);
};

/** Names of events separated by commas, or `all`. */
const hookEvents: Kind<ReadonlySet<keyof Events>> = (value, complain) => {
  if (value === 'all') return new Set([...AUDITED].filter((name) => name !== EACH_CALL));
  const names = items(value);
  const found = [...AUDITED].filter((name) => names.includes(name));
  for (const name of names)
    if (!found.some((each) => each === name))
      complain(`"${name}" is no event of the audit trail`, 'docs/events.md has the list; write all for all of them.');
  if (names.length === 0) complain(`"${value}" names nothing`);
  return new Set(found);
};

export const hookSettings = {
  EVENTS_WEBHOOK_URL: optional({
    kind: hookAddress,
    secret: true,
    without: 'none',
    meaning:
      'Takes the [events](docs/events.md) of the audit trail, signed: an https URL, or http on loopback and in a private network',
  }),
  EVENTS_WEBHOOK_SECRET: optional({
    kind: hookSecrets,
    secret: true,
    without: 'required with `EVENTS_WEBHOOK_URL`',
    meaning: 'Signs them: at least 32 bytes, or `whsec_` and base64. Several, to rotate: each signs',
  }),
  EVENTS_WEBHOOK_EVENTS: setting({
    kind: hookEvents,
    default: 'all',
    meaning: 'Which of them are sent: names, or `all`, which leaves out `gateway.request`',
  }),
};
