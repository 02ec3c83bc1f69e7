/**
 * `/account/sessions`: administrators find people by login, GitHub id or client, and end one session or all of a person, block
 * and unblock. Forms are those of a person who is signed in (pages.ts); the page needs no script.
 */
import type Koa from 'koa';
import { defined } from '../base/defined.ts';
import { parseSid } from '../oauth/tokens/session-tokens.ts';
import { formParameters, noStore } from '../protocol/http.ts';
import type { Parameters } from '../protocol/parameters.ts';
import type { Block } from '../store/people-operations.ts';
import { PageError } from '../web/page-error.ts';
import { ADMIN_NOTICES, ADMIN_SORTS, type AdminView } from '../web/views.ts';
import { type AccountServices, keepNotice, nameActor, noticeOf, requireSignedIn, sessionView } from './pages.ts';
import { githubIdIn, type NamedPerson } from './people.ts';
import type { PersonSessions } from './session-directory.ts';
import type { SignedIn } from './sign-in.ts';

/** People on one page. */
const PAGE_SIZE = 20;
/** Characters of what is searched for, and of a reason. */
const MAX_QUERY = 200;
const MAX_REASON = 200;

/** What the address of the page says. */
interface Shown {
  readonly query: string;
  readonly sort: AdminView['sort'];
  /** Whether only blocked people are listed. */
  readonly blocked: boolean;
}

/** `GET /account/sessions` */
export function adminPage(services: AccountServices): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const { csrf, person: self } = await requireAdministrator(services, services.signIn.current(ctx));
    const shown = shownBy(new URLSearchParams(ctx.querystring));
    const after = String(ctx.query.after ?? '');
    const [found, { people, sessions }] = await Promise.all([
      shown.blocked ? blockedPeople(services, after) : findPeople(services, shown, after),
      services.store.counts(),
    ]);
    const address = (more: Record<string, string>) =>
      `/account/sessions?${new URLSearchParams({ ...toForm(shown), ...more })}`;
    services.web.page(ctx, 'admin', undefined, {
      ...shown,
      people: found.people.map((one) => ({ ...one, self: one.person === self })),
      counts: { people, sessions },
      ...defined({
        next: found.next === undefined ? undefined : address({ after: found.next }),
      }),
      ...noticeOf(services, ctx, ADMIN_NOTICES),
      fields: toForm(shown),
      csrf,
      now: services.now(),
    });
  };
}

/** `POST /account/sessions/revoke`: ends one session. */
export function adminRevoke(services: AccountServices): Koa.Middleware {
  return administratorsForm(services, async (parameters) => {
    const name = parameters.get('session') ?? '';
    if (parseSid(name) !== undefined) await services.directory.revoke(name, 'administrator');
    return 'disconnected';
  });
}

/** `POST /account/sessions/end-all`: ends all sessions of a person. */
export function adminEndAll(services: AccountServices): Koa.Middleware {
  return administratorsForm(services, async (parameters) => {
    await services.people.endAll(await namedPerson(services, parameters), 'administrator');
    return 'ended_all';
  });
}

/** `POST /account/sessions/block`: blocks a person, but not whoever asks for it. */
export function adminBlock(services: AccountServices): Koa.Middleware {
  return administratorsForm(services, async (parameters, self) => {
    const person = await namedPerson(services, parameters);
    if (person.person === self.person) return 'not_yourself';
    const reason = (parameters.get('reason') ?? '').trim().slice(0, MAX_REASON).toWellFormed();
    await services.people.block(person, reason === '' ? undefined : reason, 'administrator');
    return 'blocked';
  });
}

/** `POST /account/sessions/unblock` */
export function adminUnblock(services: AccountServices): Koa.Middleware {
  return administratorsForm(services, async (parameters) => {
    await services.people.unblock(await namedPerson(services, parameters), 'administrator');
    return 'unblocked';
  });
}

/** A form of the page: does what it says, and goes back to the page. */
function administratorsForm(
  services: AccountServices,
  act: (parameters: Parameters, self: SignedIn) => Promise<(typeof ADMIN_NOTICES)[number]>,
): Koa.Middleware {
  return async (ctx) => {
    const self = await requireAdministrator(services, requireSignedIn(services, ctx));
    const parameters = formParameters(ctx);
    const notice = await act(parameters, self);
    keepNotice(services, ctx, notice, notice === 'disconnected' ? parameters.get('name') : undefined);
    const back = new URLSearchParams({ ...toForm(shownBy(parameters)), notice });
    ctx.status = 303;
    ctx.redirect(`${services.issuer}/account/sessions?${back}`);
  };
}

/** @throws {PageError} for everybody else: 404 instead of 403, so that they do not learn that the page exists */
async function requireAdministrator(services: AccountServices, signedIn: SignedIn | undefined): Promise<SignedIn> {
  if (signedIn === undefined || !(await services.isAdministrator(signedIn.account))) throw new PageError('not_found');
  if ((await services.store.blocks.read(signedIn.person)) !== undefined) throw new PageError('not_found');
  nameActor(services, 'administrator', signedIn);
  return signedIn;
}

/** The person whose GitHub id the form has. @throws {PageError} when it has none */
async function namedPerson({ people }: AccountServices, parameters: Parameters): Promise<NamedPerson> {
  const name = `id:${parameters.get('id') ?? ''}`;
  const [person] = githubIdIn(name) === undefined ? [] : await people.find(name);
  if (person === undefined) throw new PageError('invalid_request', { description: 'the form names no person' });
  return person;
}

function shownBy(parameters: Pick<Parameters, 'get'> | URLSearchParams): Shown {
  const sort = parameters.get('sort');
  return {
    query: (parameters.get('query') ?? '').slice(0, MAX_QUERY),
    sort: ADMIN_SORTS.find((name) => name === sort) ?? 'login',
    blocked: parameters.get('show') === 'blocked',
  };
}

/** What leads back to the same page: the members that are not the default. */
function toForm({ query, sort, blocked }: Shown): Record<string, string> {
  return {
    ...(query === '' ? {} : { query }),
    ...(sort === 'login' ? {} : { sort }),
    ...(blocked ? { show: 'blocked' } : {}),
  };
}

type Found = Omit<AdminView['people'][number], 'self'> & { readonly person: string };

async function findPeople(services: AccountServices, shown: Shown, after: string) {
  const { directory, store, people } = services;
  const search = { text: shown.query, sort: shown.sort, limit: PAGE_SIZE, ...(after === '' ? {} : { after }) };
  const { people: found, next } = await directory.people(search);
  if (found.length === 0 && next === undefined) return { people: await withoutSessions(services, shown.query) };
  const blocks = await Promise.all(found.map(({ person }) => store.blocks.read(person)));
  return { people: found.map((one, index) => view(services, one, blocks[index])), ...defined({ next }) };

  /** Of people without sessions: those who are blocked, and whoever `id:123` names, who can be blocked. */
  async function withoutSessions(of: AccountServices, query: string): Promise<Found[]> {
    const named = query.trim() === '' ? [] : await people.find(query.trim());
    const list = await Promise.all(
      named.map(async (one) => view(of, { ...one, sessions: [] }, await store.blocks.read(one.person))),
    );
    return list.filter(({ block }) => block !== undefined || githubIdIn(query.trim()) !== undefined);
  }
}

async function blockedPeople(services: AccountServices, after: string) {
  const blocks = await services.store.blocks.list(after, PAGE_SIZE);
  const last = blocks.length < PAGE_SIZE ? undefined : blocks.at(-1)?.person;
  return {
    people: blocks.map((block) => view(services, { ...block, sessions: [] }, block)),
    ...defined({ next: last }),
  };
}

function view(
  services: AccountServices,
  { person, githubId: id, login, sessions }: Omit<PersonSessions, 'login'> & { readonly login?: string },
  block: Block | undefined,
): Found {
  return {
    person,
    id,
    ...defined({ login, block: block && { ...defined({ reason: block.reason }), blockedAt: block.blockedAt } }),
    sessions: sessions.map((session) => sessionView(services, session)),
  };
}
