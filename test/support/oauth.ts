// An OAuth client for tests: it registers, sends a person through consent and GitHub, exchanges codes and refreshes tokens.
// A test can do each step alone, and with wrong parameters.
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Agent, createAgent, type Page } from './agent.ts';

export const REDIRECT_URI = 'http://localhost:45001/callback';

const clientSchema = z.looseObject({
  client_id: z.string(),
  client_secret: z.string().optional(),
  registration_access_token: z.string(),
  registration_client_uri: z.string(),
});
export type TestClient = z.infer<typeof clientSchema> & { redirectUri: string };

const tokensSchema = z.looseObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
  scope: z.string(),
  refresh_token: z.string().optional(),
  id_token: z.string().optional(),
});
export type Tokens = z.infer<typeof tokensSchema>;

/** An answer of a JSON endpoint. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export async function register(issuer: string, metadata: Record<string, unknown> = {}): Promise<TestClient> {
  const redirectUris = metadata.redirect_uris ?? [REDIRECT_URI];
  const answer = await postJson(`${issuer}/register`, {
    client_name: 'Test client',
    token_endpoint_auth_method: 'none',
    ...metadata,
    redirect_uris: redirectUris,
  });
  if (answer.status !== 201) throw new Error(`registration was refused: ${JSON.stringify(answer.body)}`);
  return { ...clientSchema.parse(answer.body), redirectUri: z.array(z.string()).parse(redirectUris)[0] ?? '' };
}

export interface LoginOptions {
  /** The browser; a new one by default. */
  readonly browser?: Agent;
  /** Who signs in at GitHub. */
  readonly login?: string;
  /** Authorization request parameters that replace the defaults; undefined leaves one out. */
  readonly parameters?: Record<string, string | undefined>;
  readonly consent?: 'allow' | 'deny';
  /** The scopes that the person leaves out on the consent page. */
  readonly untick?: readonly string[];
  readonly github?: 'authorize' | 'cancel';
}

export interface Verifier {
  readonly verifier: string;
  readonly challenge: string;
}

export function pkce(): Verifier {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The authorization URL of a client. */
export function authorizationUrl(
  issuer: string,
  client: TestClient,
  challenge: string,
  parameters: Record<string, string | undefined> = {},
): string {
  const all: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: client.redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'state-of-the-client',
    ...parameters,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, value);
  return `${issuer}/authorize?${query}`;
}

/** Walks through the simulated GitHub's pages, up to its redirect back, which is not followed. */
export async function passGithub(
  browser: Agent,
  toGithub: Page,
  login: string,
  decision: 'authorize' | 'cancel' = 'authorize',
): Promise<Page> {
  const github = toGithub.location?.origin;
  let page = await browser.followAll(toGithub, (url) => url.origin !== github);
  for (let step = 0; step < 10 && page.location === undefined; step++) {
    const forms = page.forms();
    const account = forms.find((form) =>
      form.buttons.some((button) => button.name === 'login' && button.value === login),
    );
    page =
      account !== undefined
        ? await browser.submit(account, { button: login })
        : await browser.submit(page.form(), { button: decision === 'authorize' ? '1' : '0' });
    page = await browser.followAll(page, (url) => url.origin !== github);
  }
  return page;
}

/**
 * Opens an authorization URL and does what its pages ask for, up to the redirect with the answer to the client.
 */
export async function walkAuthorization(
  url: string | URL,
  options: Pick<LoginOptions, 'browser' | 'login' | 'consent' | 'untick' | 'github'> = {},
): Promise<Page> {
  const { browser = createAgent(), login = 'octocat', consent = 'allow', untick = [], github = 'authorize' } = options;
  const fields = Object.fromEntries(untick.map((scope) => [`scope:${scope}`, undefined]));
  const redirectUri = new URL(url).searchParams.get('redirect_uri');
  const isAnswer = ({ location }: Page) => redirectUri !== null && location?.href.startsWith(redirectUri) === true;
  // The bridge first redirects a browser that used another name of this machine to its own address.
  const first = await browser.followAll(await browser.get(url), ({ pathname }) => pathname !== '/authorize');
  if (first.buttonLink !== undefined) return first;
  const decided =
    first.location === undefined ? await browser.submit(first.form('/consent'), { button: consent, fields }) : first;
  if (decided.location === undefined || isAnswer(decided)) return decided;
  return returnToClient(browser, await passGithub(browser, decided, login, github));
}

/** Follows GitHub's redirect back to the bridge, up to the redirect with the answer to the client. */
export async function returnToClient(browser: Agent, back: Page): Promise<Page> {
  return confirmConnect(browser, await browser.follow(back));
}

/** Presses Connect if a page asks for that: on http, the first time that a person connects a client in a browser. */
export async function confirmConnect(browser: Agent, page: Page): Promise<Page> {
  const form = page.forms().find(({ action }) => action.pathname === '/connect');
  return form === undefined ? page : browser.submit(form, { button: 'connect' });
}

/** A whole login, up to the answer to the client: a redirect, or the button of a page. */
export async function authorizeInBrowser(
  issuer: string,
  client: TestClient,
  options: LoginOptions = {},
): Promise<{ answer: Page; response: URLSearchParams; verifier: string; browser: Agent }> {
  const { browser = createAgent() } = options;
  const { verifier, challenge } = pkce();
  const url = authorizationUrl(issuer, client, challenge, options.parameters);
  const answer = await walkAuthorization(url, { ...options, browser });
  const { search = '' } = answer.location ?? answer.buttonLink ?? {};
  return { answer, response: new URLSearchParams(search), verifier, browser };
}

/** A whole login. @returns its code @throws {Error} when there is none */
export async function login(
  issuer: string,
  client: TestClient,
  options: LoginOptions = {},
): Promise<{ code: string; verifier: string; browser: Agent }> {
  const { answer, response, verifier, browser } = await authorizeInBrowser(issuer, client, options);
  const code = response.get('code');
  if (code === null) throw new Error(`no code: ${answer.status} ${answer.location ?? ''} ${answer.text.slice(0, 500)}`);
  return { code, verifier, browser };
}

/** `POST /token` with any parameters. */
export async function tokenRequest(
  issuer: string,
  parameters: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  return postForm(`${issuer}/token`, parameters, headers);
}

/** What a client sends to redeem a code. */
export function redemption(client: TestClient, code: string, verifier: string): Record<string, string | undefined> {
  return {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: client.redirectUri,
    client_id: client.client_id,
    client_secret: client.client_secret,
  };
}

/** What a client sends to refresh. */
export function refreshing(client: TestClient, refreshToken: string | undefined): Record<string, string | undefined> {
  return {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: client.client_id,
    client_secret: client.client_secret,
  };
}

/** The tokens of an answer. @throws {Error} that quotes the answer when it has none */
export function tokensOf(answer: JsonAnswer): Tokens {
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${JSON.stringify(answer.body)}`);
  return tokensSchema.parse(answer.body);
}

/** A login and its tokens. */
export async function logIn(issuer: string, client: TestClient, options: LoginOptions = {}): Promise<Tokens> {
  const { code, verifier } = await login(issuer, client, options);
  return tokensOf(await tokenRequest(issuer, redemption(client, code, verifier)));
}

/** A new client with a login and its tokens. */
export async function connect(
  issuer: string,
  options: LoginOptions & { metadata?: Record<string, unknown> } = {},
): Promise<{ client: TestClient; tokens: Tokens }> {
  const client = await register(issuer, options.metadata);
  return { client, tokens: await logIn(issuer, client, options) };
}

export async function postForm(
  url: string,
  parameters: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) body.append(name, value);
  return jsonAnswer(await fetch(url, { method: 'POST', headers, body }));
}

export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<JsonAnswer> {
  return jsonAnswer(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  );
}

export async function getJson(url: string, headers: Record<string, string> = {}): Promise<JsonAnswer> {
  return jsonAnswer(await fetch(url, { headers }));
}

async function jsonAnswer(response: Response): Promise<JsonAnswer> {
  const text = await response.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  return { status: response.status, headers: response.headers, body: z.record(z.string(), z.unknown()).parse(body) };
}

/** Calls a tool at `/mcp` as protocol version 2025-06-18 does, without a session. */
export async function callTool(
  issuer: string,
  accessToken: string,
  name: string,
  args: Record<string, unknown> = {},
): Promise<ToolAnswer> {
  const response = await fetch(`${issuer}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-06-18',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  });
  const text = await response.text();
  // Not `.*`, which ends at U+2028.
  const data = /^data: ([^\r\n]*)/m.exec(text)?.[1] ?? text;
  const message = z.looseObject({ result: resultSchema.optional() }).safeParse(parse(data)).data;
  return { status: response.status, headers: response.headers, text, result: message?.result };
}

const resultSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
});

export interface ToolAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly result: z.infer<typeof resultSchema> | undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
