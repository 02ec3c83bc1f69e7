/**
 * The pages: each function turns a view and a locale into an HTML document. Templates are compiled once. Text from
 * clients passes through `display.ts` here, and the templates escape it. No page needs a script, an image or another
 * host.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Eta } from 'eta';
import { isLoopbackHost } from '../security/hosts.ts';
import { clientGuides } from './client-guides.ts';
import {
  displayDuration,
  displayHost,
  displayText,
  displayTime,
  displayWebsite,
  followableUrl,
  splitPlaceholders,
} from './display.ts';
import { type Messages, messages } from './locale.ts';
import type { Locale, ScopeView, SessionView, Views } from './views.ts';

/** Renders each page in a language. */
type Renderers = { readonly [Name in keyof Views]: (locale: Locale, view: Views[Name]) => string };

export interface Pages extends Renderers {
  /** The stylesheet: its path contains a hash of its text, so browsers can cache it for ever. */
  readonly stylesheet: { readonly path: string; readonly text: string };
}

const TEMPLATES = new URL('../../templates/', import.meta.url);

/** Characters of an app's name that are shown: enough for real names, too few for a false message to the person. */
const MAX_NAME = 60;

/** Matches scopes that let a client change or delete something, not only read. */
const WRITING_SCOPE =
  /^(?:repo|repo:status|repo_deployment|repo:invite|public_repo|security_events|gist|notifications|user|user:follow|project|delete_repo|codespace|workflow|(?:admin|write|delete):.+)$/;

function scope(m: Messages, { name }: ScopeView) {
  const descriptions: Readonly<Record<string, string>> = m.scopes;
  const known = Object.hasOwn(descriptions, name) ? descriptions[name] : undefined;
  return { name: displayText(name, 100), words: known ?? m.unknownScope, changes: WRITING_SCOPE.test(name) };
}

/** The scopes of a page; those that allow changes come first. */
function scopes(m: Messages, views: readonly ScopeView[]) {
  const all = views.map((view) => scope(m, view));
  return [...all.filter(({ changes }) => changes), ...all.filter(({ changes }) => !changes)];
}

function appName(m: Messages, name: string): string {
  return displayText(name, MAX_NAME) || m.unnamedApp;
}

function githubName(host: string): string {
  return host === 'github.com' ? 'GitHub' : `GitHub (${host})`;
}

function session(locale: Locale, m: Messages, view: SessionView) {
  return {
    session: view.session,
    name: appName(m, view.clientName),
    host: displayHost(view.redirectHost),
    resource: view.resource,
    scopes: scopes(m, view.scopes),
    times: [
      { label: m.account.firstUsed, ...displayTime(locale, view.createdAt) },
      { label: m.account.lastUsed, ...displayTime(locale, view.lastUsedAt) },
      { label: m.account.expires, ...displayTime(locale, view.expiresAt) },
    ],
  };
}

/**
 * Reads and compiles the templates.
 * @throws {Error} when a template is missing or malformed
 */
export function createPages(): Pages {
  const eta = new Eta({ autoEscape: true, cache: true });
  for (const file of readdirSync(TEMPLATES).filter((name) => name.endsWith('.eta')))
    eta.loadTemplate(`@${file.slice(0, -'.eta'.length)}`, readFileSync(new URL(file, TEMPLATES), 'utf8'));

  const text = readFileSync(new URL('style.css', TEMPLATES), 'utf8');
  const stylesheet = {
    path: `/assets/style-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.css`,
    text,
  };

  function page(
    template: string,
    locale: Locale,
    frame: { title: string; wide?: true; brand?: string; home?: true },
    data: object,
  ): string {
    const shared = { m: messages(locale), locale, pieces: splitPlaceholders };
    const body = eta.render(`@${template}`, { ...data, ...shared });
    return eta.render('@layout', { brand: shared.m.brand, ...frame, ...shared, stylesheet: stylesheet.path, body });
  }

  return {
    stylesheet,

    consent(locale, view) {
      const m = messages(locale);
      const website = view.clientUri === undefined ? undefined : displayWebsite(view.clientUri);
      return page(
        'consent',
        locale,
        { title: m.consent.title, brand: view.bridgeHost },
        {
          name: appName(m, view.clientName),
          // Not repeated when the page already shows the same host as the verified domain or as the redirect host.
          website: website === view.verifiedDomain || website === view.redirectHost ? undefined : website,
          verifiedDomain: view.verifiedDomain === undefined ? undefined : displayHost(view.verifiedDomain),
          redirectKind: view.redirectKind,
          redirectHost: displayHost(view.redirectHost),
          scopes: scopes(m, view.scopes),
          policyScopes: scopes(m, view.policyScopes),
          resource: view.otherResource,
          bridge: view.bridgeHost,
          github: githubName(view.githubHost),
          rememberable: view.rememberable,
          fields: Object.entries(view.fields),
        },
      );
    },

    connect(locale, view) {
      const m = messages(locale);
      return page(
        'connect',
        locale,
        { title: m.connect.title, brand: view.bridgeHost },
        {
          name: appName(m, view.clientName),
          login: displayText(view.login, MAX_NAME),
          redirectKind: view.redirectKind,
          redirectHost: displayHost(view.redirectHost),
          github: githubName(view.githubHost),
          fields: Object.entries(view.fields),
        },
      );
    },

    error(locale, view) {
      const m = messages(locale);
      const title = m.errors[view.kind].title;
      return page(
        'error',
        locale,
        { title, home: true },
        {
          ...m.errors[view.kind],
          readd: view.kind === 'unknown_client' || view.kind === 'invalid_redirect_uri' ? m.error.readdClients : [],
          reference: view.reference,
          description: displayText(view.description ?? '', 500),
          login: view.login === undefined ? undefined : displayText(view.login, MAX_NAME),
          wait: view.retryAfter === undefined ? undefined : displayDuration(locale, view.retryAfter),
          back: view.continueUrl === undefined ? undefined : followableUrl(view.continueUrl),
          name: view.clientName === undefined ? undefined : appName(m, view.clientName),
          github: githubName(view.githubHost),
        },
      );
    },

    returning(locale, view) {
      const m = messages(locale);
      const title = view.success ? m.returning.success : m.returning.failure;
      const lead = view.success ? m.returning.successLead : m.returning.failureLead;
      const [name, target] = [appName(m, view.clientName), followableUrl(view.url)];
      return page('returning', locale, { title }, { title, lead, name, target });
    },

    landing(locale, view) {
      const m = messages(locale);
      const loopback = isLoopbackHost(new URL(view.issuer).hostname);
      const clients = clientGuides(m, view);
      return page(
        'landing',
        locale,
        { title: m.landing.title, wide: true, brand: view.bridgeHost },
        {
          mcpUrl: view.mcpUrl,
          sseUrl: view.sseUrl,
          tools: view.tools,
          simulated: view.simulated,
          github: githubName(view.githubHost),
          loopback,
          clients,
          opened: clients.find(({ cloud }) => !(cloud && loopback)),
          otherLocale: locale === 'en' ? 'ja' : 'en',
        },
      );
    },

    account(locale, view) {
      const m = messages(locale);
      return page(
        'account',
        locale,
        { title: m.account.title, wide: true, home: true },
        {
          person: view.person && { ...view.person, name: displayText(view.person.name ?? '', MAX_NAME) },
          sessions: view.sessions.map((one) => session(locale, m, one)),
          notice: view.notice && m.account.notices[view.notice],
          csrf: view.csrf,
          github: githubName(view.githubHost),
          githubSettings: followableUrl(view.githubSettingsUrl),
        },
      );
    },

    admin(locale, view) {
      const m = messages(locale);
      return page(
        'admin',
        locale,
        { title: m.admin.title, wide: true, home: true },
        {
          query: view.query,
          shownQuery: displayText(view.query, 100),
          people: view.people.map((person) => ({
            ...person,
            sessions: person.sessions.map((one) => session(locale, m, one)),
          })),
          more: view.more,
          notice: view.notice && m.admin[view.notice],
          csrf: view.csrf,
        },
      );
    },
  };
}
