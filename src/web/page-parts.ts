/** The parts that several pages show, in the words of a locale: scopes, names, MCP servers, sessions. */
import { displayHost, displayText, displayTime, splitPlaceholders } from './display.ts';
import type { Messages } from './locale.ts';
import type { Locale, RecipientView, ScopeView, SessionView } from './views.ts';

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

export function appName(m: Messages, name: string): string {
  return displayText(name, MAX_NAME) || m.unnamedApp;
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

/** @param hasToken the words for a session whose server gets the GitHub token */
export function sessionPart(locale: Locale, m: Messages, view: SessionView, hasToken: string) {
  return {
    session: view.session,
    name: appName(m, view.clientName),
    host: displayHost(view.redirectHost),
    server: view.recipient && recipientPart(view.recipient),
    hasToken: view.recipient?.credential === 'github' ? hasToken : undefined,
    resource: view.resource,
    scopes: scopeParts(m, view.scopes),
    times: [
      { label: m.account.firstUsed, ...displayTime(locale, view.createdAt) },
      { label: m.account.lastUsed, ...displayTime(locale, view.lastUsedAt) },
      { label: m.account.expires, ...displayTime(locale, view.expiresAt) },
    ],
  };
}

/** A text of a locale with the values of its placeholders, for places that take text alone, such as a title. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return splitPlaceholders(text, values)
    .map((part) => part.text)
    .join('');
}
