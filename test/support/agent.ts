// A browser for HTTP tests, without a screen: it keeps cookies, sends forms with the headers that browsers add (Origin,
// Sec-Fetch-*), and follows a redirect only when the test asks for that, so that a test sees every hop.
//
//     const browser = createAgent();
//     const page = await browser.get(url);
//     const next = await browser.submit(page.form(), { button: 'allow' });

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { CookieJar, type FetchSite, isTrustworthy } from './cookies.ts';
import { buttonLinkOf, type Form, type FormButton, parseForms, textOf } from './html.ts';

export type AgentOptions = {
  /** Headers of every request, for example `{ 'accept-language': 'ja' }`. */
  headers?: Record<string, string>;
  /**
   * Where an origin is really served, for example `{ 'https://bridge.example': 'http://127.0.0.1:8123' }`. The agent then
   * plays the browser and a TLS proxy, which keeps Host and adds X-Forwarded-For, -Proto and -Host.
   */
  routes?: Record<string, string>;
  /** A jar to share with another agent, or one with a clock of its own. */
  jar?: CookieJar;
};

export type SubmitOptions = {
  /** The button that is pressed, by its value, name or text; the first one by default. */
  button?: string;
  /** Fields that the person fills in or, as an attacker, changes; undefined leaves one out. */
  fields?: Record<string, string | undefined>;
  /** Headers that replace the agent's own, for tests of forged requests; undefined leaves one out. */
  headers?: Record<string, string | undefined>;
};

export type RequestOptions = {
  method?: string;
  headers?: Record<string, string | undefined>;
  body?: string | URLSearchParams;
  /** The page whose link or script sends the request. Without it, the person typed the address. */
  from?: Page | URL;
};

type Navigation = {
  url: URL;
  method: string;
  headers: Record<string, string | undefined>;
  body: string | undefined;
  /** The page that started it, through all redirects; undefined when the person did. */
  initiator: URL | undefined;
  /** Sec-Fetch-Site of the hops so far: after one cross-site hop it stays cross-site. */
  site: FetchSite;
};

/** An answer, completely read. No status makes it throw. */
export class Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** The request that led here. */
  readonly navigation: Navigation;

  constructor(navigation: Navigation, status: number, headers: Headers, body: Buffer) {
    this.url = navigation.url;
    this.navigation = navigation;
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** The body as UTF-8: the HTML of a page. */
  get html(): string {
    return this.body.toString('utf8');
  }

  /** The text that a person reads: without tags, white space collapsed. */
  get text(): string {
    return textOf(this.html);
  }

  /** The body parsed as JSON; the test narrows its type. */
  json(): unknown {
    return JSON.parse(this.html);
  }

  /** Where a redirect leads; undefined when this is none. */
  get location(): URL | undefined {
    const location = this.headers.get('location');
    return location === null || this.status < 300 || this.status > 399 ? undefined : new URL(location, this.url);
  }

  /** Where the button leads that is a link: back to the client, on a page that says what happened. */
  get buttonLink(): URL | undefined {
    return buttonLinkOf(this.html, this.url);
  }

  forms(): Form[] {
    return parseForms(this.html, this.url);
  }

  /** The forms but those of the language and the time zone. */
  formsOfItsOwn(): Form[] {
    return this.forms().filter(({ action }) => action.pathname !== '/preferences');
  }

  /**
   * The first form, or the first whose action's path is `path`.
   * @throws {Error} that quotes the page when there is none
   */
  form(path?: string): Form {
    const found = this.forms().find((form) => path === undefined || form.action.pathname === path);
    if (found === undefined) throw new Error(`no form ${path ?? ''} on ${this.url} (${this.status}): ${excerpt(this)}`);
    return found;
  }
}

export class Agent {
  readonly jar: CookieJar;
  readonly #headers: Record<string, string>;
  readonly #routes: Map<string, URL>;

  constructor({ headers = {}, routes = {}, jar = new CookieJar() }: AgentOptions = {}) {
    this.jar = jar;
    this.#headers = headers;
    this.#routes = new Map(Object.entries(routes).map(([origin, target]) => [new URL(origin).origin, new URL(target)]));
  }

  /** Opens `url` as if the person typed it; with `from`, as a link on that page. */
  async get(url: string | URL, options: Omit<RequestOptions, 'method' | 'body'> = {}): Promise<Page> {
    return await this.request(url, { ...options, method: 'GET' });
  }

  /** Sends one request with the agent's cookies and the headers of a navigation. */
  async request(url: string | URL, options: RequestOptions = {}): Promise<Page> {
    const { method = 'GET', headers = {}, body, from } = options;
    const form = body instanceof URLSearchParams ? { 'content-type': FORM } : {};
    return await this.#navigate({
      url: new URL(url),
      method,
      headers: { ...form, ...headers },
      body: body?.toString(),
      initiator: from instanceof Page ? from.url : from,
      site: 'none',
    });
  }

  /**
   * Sends a form as a browser does when the person presses `button`.
   * @throws {Error} when the form has no such button
   */
  async submit(form: Form, options: SubmitOptions = {}): Promise<Page> {
    const button = pressed(form, options.button);
    const fields = filledIn(form, button, options.fields ?? {});
    const url = new URL(button?.action ?? form.action);
    const { headers = {} } = options;
    const common = { method: form.method, initiator: form.page, site: 'none' as const };
    if (form.method === 'GET') {
      url.search = fields.toString();
      return await this.#navigate({ ...common, url, headers, body: undefined });
    }
    return await this.#navigate({
      ...common,
      url,
      headers: { 'content-type': FORM, ...headers },
      body: fields.toString(),
    });
  }

  /**
   * Follows one redirect, with the method that browsers use (Fetch standard, HTTP-redirect fetch).
   * @throws {Error} when `page` is no redirect
   */
  async follow(page: Page): Promise<Page> {
    const url = page.location;
    if (url === undefined) throw new Error(`${page.url} (${page.status}) is no redirect: ${excerpt(page)}`);
    const { method, body, headers, initiator } = page.navigation;
    const keeps = page.status === 307 || page.status === 308 || method === 'GET' || method === 'HEAD';
    return await this.#navigate({
      url,
      method: keeps ? method : 'GET',
      body: keeps ? body : undefined,
      headers: keeps ? headers : {},
      initiator,
      site: page.navigation.site,
    });
  }

  /**
   * Follows redirects up to the first answer that is no redirect, or that leads to an address for which `stopBefore` is
   * true, for example a client's redirect URI, at which nothing listens.
   * @throws {Error} after twenty redirects
   */
  async followAll(page: Page, stopBefore: (url: URL) => boolean = () => false): Promise<Page> {
    let current = page;
    for (let hops = 0; hops < 20; hops++) {
      if (current.location === undefined || stopBefore(current.location)) return current;
      current = await this.follow(current);
    }
    throw new Error(`more than twenty redirects from ${page.url}, the last to ${current.location}`);
  }

  async #navigate(asked: Navigation): Promise<Page> {
    const site = furthest(asked.site, siteOf(asked.initiator, asked.url));
    const navigation = { ...asked, site };
    const headers = defined({
      'user-agent': 'Mozilla/5.0 (test agent)',
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'en-US,en;q=0.9',
      ...(isTrustworthy(asked.url) ? fetchMetadata(site) : {}),
      ...originOf(navigation),
      cookie: this.jar.header(asked.url, { site: siteOf(asked.initiator, asked.url), method: asked.method }),
      ...lowerCased(this.#headers),
      ...lowerCased(asked.headers),
      ...(asked.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(asked.body)) }),
    });
    const answer = await this.#send(asked, headers);
    this.jar.store(asked.url, answer.headers.getSetCookie());
    return new Page(navigation, answer.status, answer.headers, answer.body);
  }

  async #send({ url, method, body }: Navigation, headers: Record<string, string>): Promise<Answer> {
    const route = this.#routes.get(url.origin);
    if (route === undefined) return await send(url, method, { host: url.host, ...headers }, body);
    const forwarded = {
      host: url.host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': url.protocol.slice(0, -1),
      'x-forwarded-host': url.host,
    };
    return await send(new URL(url.pathname + url.search, route), method, { ...forwarded, ...headers }, body);
  }
}

/** A new browser profile, without cookies. */
export function createAgent(options: AgentOptions = {}): Agent {
  return new Agent(options);
}

const FORM = 'application/x-www-form-urlencoded';

type Answer = { status: number; headers: Headers; body: Buffer };

/** Uses node:http, because fetch() sets Host and Sec-Fetch-Mode to values that no page load has. */
function send(url: URL, method: string, headers: Record<string, string>, body: string | undefined): Promise<Answer> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent: false, setHost: false }, (incoming) => {
      buffer(incoming).then(
        (read) => resolve({ status: incoming.statusCode ?? 0, headers: received(incoming.headers), body: read }),
        reject,
      );
    });
    sending.once('error', reject);
    sending.end(body);
  });
}

function received(raw: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
  }
  return headers;
}

function pressed(form: Form, wanted: string | undefined): FormButton | undefined {
  if (wanted === undefined) return form.buttons[0];
  const found =
    form.buttons.find(({ value }) => value === wanted) ??
    form.buttons.find(({ name, text }) => name === wanted || text === wanted);
  if (found !== undefined) return found;
  const there = form.buttons.map(({ name, value, text }) => `${name ?? ''}=${value} "${text}"`).join(', ');
  throw new Error(`the form to ${form.action} has no button ${wanted}, only: ${there}`);
}

function filledIn(
  form: Form,
  button: FormButton | undefined,
  changes: Record<string, string | undefined>,
): URLSearchParams {
  const fields = new URLSearchParams(form.fields);
  if (button?.name) fields.append(button.name, button.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) fields.delete(name);
    else fields.set(name, value);
  }
  return fields;
}

/** Fetch Metadata (https://www.w3.org/TR/fetch-metadata/): the headers of a page load. */
function fetchMetadata(site: FetchSite): Record<string, string> {
  return {
    'sec-fetch-site': site,
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-user': '?1',
    'upgrade-insecure-requests': '1',
  };
}

/** Browsers send Origin with every method but GET and HEAD; it is `null` after a redirect to another origin. */
function originOf({ method, initiator, site, url }: Navigation): { origin?: string } {
  if (method === 'GET' || method === 'HEAD' || initiator === undefined) return {};
  const crossedOnTheWay = initiator.origin === url.origin && site !== 'same-origin';
  return { origin: crossedOnTheWay ? 'null' : initiator.origin };
}

/** A site is here a host with its scheme, which is enough for loopback names: they have no registrable domain. */
function siteOf(initiator: URL | undefined, url: URL): FetchSite {
  if (initiator === undefined) return 'none';
  if (initiator.origin === url.origin) return 'same-origin';
  return initiator.protocol === url.protocol && initiator.hostname === url.hostname ? 'same-site' : 'cross-site';
}

const DISTANCE: readonly FetchSite[] = ['none', 'same-origin', 'same-site', 'cross-site'];

function furthest(a: FetchSite, b: FetchSite): FetchSite {
  return DISTANCE.indexOf(a) > DISTANCE.indexOf(b) ? a : b;
}

function lowerCased<T>(headers: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function defined(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function excerpt(page: Page): string {
  return page.text.slice(0, 300);
}
