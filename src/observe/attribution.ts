/** Whose an event is: the request and the login that it belongs to; for the audit trail also who did it, and by which way. */
import { loginOf } from '../base/login-id.ts';
import type { EndedBy, Events } from './events.ts';
import type { Actor, Known, Via } from './request-context.ts';

type Event = Events[keyof Events];

/** Who did what the audit trail tells, and by which way. */
export interface Attribution {
  readonly via: Via;
  readonly actor?: Actor;
}

/** Ends that nobody of a request decides, by who decides them. */
const OWN_WAY: ReadonlyMap<EndedBy, Via> = new Map([
  ['upstream', 'github'],
  ['clock', 'clock'],
  ['client', 'client'],
]);

/** The login of an event: that of its session, or else that of the request. */
export function loginOfEvent(event: Event, known: Known | undefined): string | undefined {
  return 'grant' in event ? loginOf(event.grant) : known?.login;
}

/** What the line of an event has beside the event: the request, the login, the address. */
export function circumstances(event: Event, known: Known | undefined): Record<string, unknown> {
  const login = loginOfEvent(event, known);
  if (known === undefined) return login === undefined ? {} : { login };
  const { reference, trace, address } = known;
  return { reference, trace, login, address };
}

/** Who did it. What happens outside of requests is done by the clock; so are new signing keys, unless a command makes them. */
export function attribution(name: keyof Events, event: Event, known: Known | undefined): Attribution {
  const way = 'by' in event ? OWN_WAY.get(event.by) : undefined;
  if (way !== undefined) return { via: way };
  if (known?.via === undefined || (name === 'keys.rotated' && known.via !== 'command')) return { via: 'clock' };
  return { via: known.via, ...(known.actor === undefined ? {} : { actor: known.actor }) };
}
