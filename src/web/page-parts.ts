/** The parts that several pages show, in the words of a locale: scopes, names, MCP servers, sessions. */
import { IDENTITY_SCOPES } from '../protocol/identity-scopes.ts';
import { displayHost, displayText, splitPlaceholders } from './display.ts';
import { type Messages, toolTitle } from './locale.ts';
import { displayRelative, displayTime } from './times.ts';
import type { AccountView, AskedScopeView, Locale, RecipientView, ScopeView, SessionView } from './views.ts';

/** Characters of a name that are shown: enough for real names, too few for a false message to the person. */
export const MAX_NAME = 60;

/** Matches scopes that let a client change or delete something, not only read. */
const WRITING_SCOPE =
  /^(?:repo|repo:status|repo_deployment|repo:invite|public_repo|security_events|gist|notifications|user|user:follow|project|delete_repo|codespace|workflow|(?:admin|write|delete):.+)$/;

function scopePart(m: Messages, { name }: ScopeView) {
  const descriptions: Readonly<Record<string, string>> = m.scopes;
  const known = Object.hasOwn(descriptions, name) ? descriptions[name] : undefined;
  return { name: displayText(name, 100), words: known ?? m.unknownScope, changes: WRITING_SCOPE.test(name) };
}

/** The scopes of a page; those that allow changes come first. */
export function scopeParts(m: Messages, views: readonly ScopeView[]) {
  const all = views.map((view) => scopePart(m, view));
  return [...all.filter(({ changes }) => changes), ...all.filter(({ changes }) => !changes)];
}

/** Scopes that let an app delete things, or decide about other people. */
const DANGEROUS_SCOPE = /^(?:delete_repo|bridge:admin|(?:admin|delete):.+)$/;

/** The scopes of the consent page: who the person is in one line, the others in groups, each once, the worst group first. */
export function askedScopes(m: Messages, views: readonly AskedScopeView[]) {
  const names = views.map(({ name }) => name).filter((name) => IDENTITY_SCOPES.has(name));
  const { who, whoWithEmail, stay } = m.consent.identity;
  const words = [names.includes('email') ? whoWithEmail : who, ...(names.includes('offline_access') ? [stay] : [])];
  const others = views
    .filter(({ name }) => !names.includes(name))
    .map((view) => {
      const { name: shown, words, changes } = scopePart(m, view);
      // Nobody knows what a scope without words allows.
      const change = changes || words === m.unknownScope;
      const kind = DANGEROUS_SCOPE.test(view.name) ? 'dangerous' : change ? 'change' : 'read';
      return { ...view, shown, words, kind } as const;
    });
  const groups = (['dangerous', 'change', 'read'] as const).map((kind) => {
    return { kind, title: m.consent.groups[kind], scopes: others.filter((one) => one.kind === kind) };
  });
  return {
    identity: names.length === 0 ? undefined : { words: words.join(m.consent.identity.between), names },
    groups: groups.filter(({ scopes }) => scopes.length > 0),
    optional: others.some(({ optional }) => optional),
  };
}

/** The letter that stands for an app. Its own logo is not shown: it could be anybody's (design decision 11). */
export function initialOf(name: string): string {
  const [first] = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(name);
  return first?.segment.toLocaleUpperCase('en') ?? '';
}

/** Quotation marks, and what looks like one: two that stand together, primes, accents, ornaments. */
const QUOTATION = /[\p{Quotation_Mark}`´ʹ-ʽ˝ˮ˵˶՚׳״′-‷〃❛-❠❮❯\u{1f676}-\u{1f678}]+/gu;
/** Marks with which pages say that something is verified, and those that look like one: `√` stands for it in Chinese and Japanese. */
const CHECK_MARK = /[✓✔☑✅√\u{1f5f8}\u{1f5f9}\u{1fbb1}]/gu;

/** The name of an app, empty when nothing of it is visible. Pages quote it, and mark what is verified, so it can do neither. */
export function shownName(name: string): string {
  return displayText(
    displayText(name, Number.POSITIVE_INFINITY).replace(CHECK_MARK, '').replace(QUOTATION, "'"),
    MAX_NAME,
  );
}

export function appName(m: Messages, name: string): string {
  return shownName(name) || m.unnamedApp;
}

/** A GitHub account as pages name it. The sign is part of the name, so that it stays before it on a page from right to left. */
export function accountName(login: string): string {
  return `@${displayText(login, MAX_NAME)}`;
}

/** Who is signed in: the account, and the name that the person has at GitHub. */
export function personPart(person: NonNullable<AccountView['person']>) {
  return { ...person, account: accountName(person.login), name: displayText(person.name ?? '', MAX_NAME) };
}

export function githubName(host: string): string {
  return host === 'github.com' ? 'GitHub' : `GitHub (${host})`;
}

/** Characters of a server's title that are shown: as many as a setting may have. */
const MAX_TITLE = 100;

/** The MCP server behind the bridge; its title is absent when there is none, or it says no more than the host. */
export function recipientPart({ title = '', host, credential }: RecipientView) {
  const shown = displayText(title, MAX_TITLE);
  return { title: shown === '' || shown === host ? undefined : shown, host: displayHost(host), credential };
}

/** How a page shows times; `now` is in epoch seconds. */
interface Clock {
  readonly locale: Locale;
  readonly timeZone: string;
  readonly now: number;
}

/** @param hasToken the words for a session whose server gets the GitHub token */
export function sessionPart(m: Messages, view: SessionView, hasToken: string, { locale, timeZone, now }: Clock) {
  const time = (label: string, at: number) => {
    return { label, ...displayTime(locale, timeZone, at), relative: displayRelative(locale, at, now) };
  };
  const asked = askedScopes(
    m,
    view.scopes.map((scope) => ({ ...scope, optional: false, isNew: false })),
  );
  return {
    session: view.session,
    name: appName(m, view.clientName),
    host: displayHost(view.redirectHost),
    server: view.recipient && recipientPart(view.recipient),
    hasToken: view.recipient?.credential === 'github' ? hasToken : undefined,
    resource: view.resource,
    scopes: scopeParts(m, view.scopes),
    /** What the scopes allow, in a word or two each, the worst first. */
    kinds: asked.groups.map(({ kind, title }) => ({ kind, title })),
    used: time(m.account.lastUsed, view.lastUsedAt),
    times: [time(m.account.firstUsed, view.createdAt), time(m.account.expires, view.expiresAt)],
  };
}

/** A tool of the landing page; not every tool has a title in every language. */
export function toolPart<Part extends { readonly name: string; readonly title: string }>(locale: Locale, tool: Part) {
  const title = toolTitle(locale, tool);
  return { ...tool, title, english: title === tool.title };
}

/** What the previous request did: a text, and the name of the app that it ended, if there is one. */
export function noticePart(
  m: Messages,
  notices: Readonly<Record<string, string>>,
  { notice, ended }: { readonly notice?: string; readonly ended?: string },
) {
  if (notice === undefined) return undefined;
  if (notice !== 'disconnected' || ended === undefined) return { text: notices[notice] ?? '' };
  return { text: m.account.ended, values: { name: appName(m, ended) } };
}

/** A text of a locale with the values of its placeholders, for places that take text alone, such as a title. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return splitPlaceholders(text, values)
    .map((part) => part.text)
    .join('');
}
