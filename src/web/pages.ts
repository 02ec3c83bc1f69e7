/**
 * The pages: each function turns a view and a locale into an HTML document. Templates are compiled once. Text from clients passes
 * through `display.ts` here, and the templates escape it. No page needs a script, an image or another host.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Eta } from 'eta';
import { systemTimeZone } from '../base/time-zone.ts';
import type { Operator } from '../config/operator.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import { type Asset, logoAsset, stylesheetAsset } from './assets.ts';
import { clientGuides } from './client-guides.ts';
import { displayHost, displayText, displayWebsite, followableUrl, splitPlaceholders } from './display.ts';
import { direction, messages, otherLanguages } from './locale.ts';
import {
  accountName,
  appName,
  askedScopes,
  filled,
  githubName,
  initialOf,
  MAX_NAME,
  noticePart,
  personPart,
  recipientPart,
  scopeParts,
  sessionPart,
  shownName,
  toolPart,
} from './page-parts.ts';
import { displayDuration, displayTime, timeZoneChoice } from './times.ts';
import { ADMIN_SORTS, type Locale, type PageControls, type Views } from './views.ts';

/** Renders each page in a language. */
type Renderers = { readonly [Name in keyof Views]: (locale: Locale, view: Views[Name] & PageControls) => string };

export interface Pages extends Renderers {
  /** The files that pages load: the stylesheet, and the operator's logo if there is one. */
  readonly assets: readonly [stylesheet: Asset, ...Asset[]];
}

/** Whose pages these are. */
export interface Site {
  /** The host of `PUBLIC_URL`. */
  readonly host: string;
  readonly operator: Operator;
  /** The time zone for people who chose none; when undefined, the system's. */
  readonly timeZone?: string | undefined;
}

const TEMPLATES = new URL('../../templates/', import.meta.url);

/**
 * Reads and compiles the templates.
 * @param site by default a bridge on this computer that nobody gave a name
 * @throws {Error} when a template is missing or malformed
 */
export function createPages(site: Site = { host: 'localhost:8000', operator: {}, timeZone: 'UTC' }): Pages {
  const eta = new Eta({ autoEscape: true, cache: true });
  for (const file of readdirSync(TEMPLATES).filter((name) => name.endsWith('.eta')))
    eta.loadTemplate(`@${file.slice(0, -'.eta'.length)}`, readFileSync(new URL(file, TEMPLATES), 'utf8'));

  const { host, operator } = site;
  const stylesheet = stylesheetAsset(readFileSync(new URL('style.css', TEMPLATES), 'utf8'), operator);
  const logo = operator.logo && logoAsset(operator.logo);
  /** The one name of this bridge, on every page. */
  const brand = operator.name ?? host;
  const whose = { brand, host, operator, stylesheet: stylesheet.path, logo: logo?.path };
  const zoneOf = ({ timeZone }: PageControls) => timeZone ?? site.timeZone ?? systemTimeZone();

  function page(
    template: string,
    locale: Locale,
    frame: { title: string; again: string | undefined; wide?: true; home?: true; form?: string },
    data: object,
  ): string {
    const words = { m: messages(locale), locale, direction: direction(locale), languages: otherLanguages(locale) };
    const shared = { ...words, again: frame.again, pieces: splitPlaceholders, ...whose };
    const body = eta.render(`@${template}`, { ...data, ...shared });
    return eta.render('@layout', { ...frame, ...shared, body });
  }

  return {
    assets: logo === undefined ? [stylesheet] : [stylesheet, logo],

    consent(locale, view) {
      const m = messages(locale);
      const website = view.clientUri === undefined ? undefined : displayWebsite(view.clientUri);
      const name = shownName(view.clientName);
      return page(
        'consent',
        locale,
        { title: m.consent.title, again: view.again, form: 'consent' },
        {
          name,
          named: name !== '',
          initial: initialOf(name) || '?',
          odd: view.isOdd && view.redirectKind !== 'https',
          // Not repeated when the page already shows the same host as the verified domain or as the redirect host.
          website: website === view.verifiedDomain || website === view.redirectHost ? undefined : website,
          verifiedDomain: view.verifiedDomain === undefined ? undefined : displayHost(view.verifiedDomain),
          redirectKind: view.redirectKind,
          redirectHost: displayHost(view.redirectHost),
          ...askedScopes(m, view.scopes),
          policyScopes: scopeParts(m, view.policyScopes),
          server: view.recipient && recipientPart(view.recipient),
          serverGets: view.tokenOfGithubApp ? 'githubApp' : view.recipient?.credential,
          resource: view.otherResource,
          github: githubName(view.githubHost),
          rememberable: view.rememberable,
          remember: view.remember,
          fields: Object.entries(view.fields),
          reference: view.reference,
        },
      );
    },

    connect(locale, view) {
      const m = messages(locale);
      return page(
        'connect',
        locale,
        { title: m.connect.title, again: view.again },
        {
          name: appName(m, view.clientName),
          login: accountName(view.login),
          redirectKind: view.redirectKind,
          redirectHost: displayHost(view.redirectHost),
          server: view.recipient && recipientPart(view.recipient),
          github: githubName(view.githubHost),
          fields: Object.entries(view.fields),
          reference: view.reference,
        },
      );
    },

    error(locale, view) {
      const m = messages(locale);
      const title = m.errors[view.kind].title;
      return page(
        'error',
        locale,
        { title, again: view.again, home: true },
        {
          ...m.errors[view.kind],
          readd: view.kind === 'unknown_client' || view.kind === 'invalid_redirect_uri' ? m.error.readdClients : [],
          reference: view.reference,
          description: displayText(view.description ?? '', 500),
          login: view.login && accountName(view.login),
          wait: view.retryAfter === undefined ? undefined : displayDuration(locale, view.retryAfter),
          until: view.retryAt === undefined ? undefined : displayTime(locale, zoneOf(view), view.retryAt),
          connected: view.kind === 'finished',
          form: view.form,
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
      const login = view.login && accountName(view.login);
      return page('returning', locale, { title, again: view.again }, { title, lead, name, target, login });
    },

    landing(locale, view) {
      const m = messages(locale);
      const loopback = isLoopbackHost(new URL(view.issuer).hostname);
      const servers = view.servers.map((server) => ({
        ...server,
        behind: server.recipient && recipientPart(server.recipient),
        clients: clientGuides(m, server),
      }));
      const [first] = servers;
      const behind = first?.behind;
      const title = behind ? filled(m.landing.behindTitle, { title: behind.title ?? behind.host }) : m.landing.title;
      return page(
        'landing',
        locale,
        { title, again: view.again, wide: true, ...(view.opened ? { home: true } : {}) },
        {
          title,
          inBrowser: view.opened,
          first,
          standsBefore: behind && (behind.title ? `${behind.title} (${behind.host})` : behind.host),
          others: servers.slice(1),
          passesToken: servers.some((server) => server.behind?.credential === 'github'),
          tools: view.tools.map((tool) => toolPart(locale, tool)),
          simulated: view.simulated,
          github: githubName(view.githubHost),
          loopback,
          opened: first?.clients.find(({ cloud }) => !(cloud && loopback)),
        },
      );
    },

    account(locale, view) {
      const m = messages(locale);
      const clock = { locale, timeZone: zoneOf(view), now: view.now };
      return page(
        'account',
        locale,
        { title: m.account.title, again: view.again, wide: true, home: true },
        {
          person: view.person && personPart(view.person),
          sessions: view.sessions.map((one) => sessionPart(m, one, m.account.hasToken, clock)),
          zones: view.sessions.length > 0 && timeZoneChoice(clock.timeZone),
          notice: noticePart(m, m.account.notices, view),
          csrf: view.csrf,
          github: githubName(view.githubHost),
          githubSettings: followableUrl(view.githubSettingsUrl),
        },
      );
    },

    admin(locale, view) {
      const m = messages(locale);
      const clock = { locale, timeZone: zoneOf(view), now: view.now };
      return page(
        'admin',
        locale,
        { title: m.admin.title, again: view.again, wide: true, home: true },
        {
          ...view,
          shownQuery: displayText(view.query, 100),
          sorts: ADMIN_SORTS.map((name) => ({ name, words: m.admin.sorts[name], chosen: name === view.sort })),
          people: view.people.map((person) => ({
            ...person,
            shownLogin: displayText(person.login ?? '', MAX_NAME) || m.admin.unknownLogin,
            sessions: person.sessions.map((one) => sessionPart(m, one, m.admin.hasToken, clock)),
            block: person.block && {
              reason: displayText(person.block.reason ?? '', 200),
              time: displayTime(locale, clock.timeZone, person.block.blockedAt),
            },
          })),
          zones: view.people.length > 0 && timeZoneChoice(clock.timeZone),
          counts: {
            people: view.counts.people.toLocaleString(locale),
            sessions: view.counts.sessions.toLocaleString(locale),
          },
          notice: noticePart(m, m.admin.notices, view),
          hidden: Object.entries(view.fields),
        },
      );
    },
  };
}
