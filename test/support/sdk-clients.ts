// The clients of both SDKs, each with its own OAuth flow: refused, sent to log in, connected. Only the person is simulated.

import assert from 'node:assert/strict';
import {
  type ClientCapabilities,
  Client as ClientV2,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  SSEClientTransport as SseV2,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport as StreamableV2,
  UnauthorizedError as UnauthorizedV2,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import {
  type OAuthClientProvider as OAuthClientProviderV1,
  UnauthorizedError as UnauthorizedV1,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as StreamableV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryOAuthClientProvider } from '@modelcontextprotocol/sdk/examples/client/simpleOAuthClientProvider.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { ClientCapabilities as CapabilitiesV1 } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Person } from './person.ts';

// test/clients has another version of this package in its own node_modules.
export { Client, type ClientCapabilities, UnauthorizedError } from '@modelcontextprotocol/client';
export { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const REDIRECT_URI = 'http://localhost:8090/callback';
const INFO = { name: 'test-client', version: '1.0.0' };

export type SdkTransport = 'Streamable HTTP' | 'SSE';
const PATHS = { 'Streamable HTTP': '/mcp', SSE: '/sse' } as const;

/** The protocol eras: the mode given to the v2 client, and the version that it then agrees on with the bridge. */
export const ERAS: readonly { name: string; mode: VersionNegotiationMode; version: string }[] = [
  { name: '2026-07-28', mode: 'auto', version: '2026-07-28' },
  { name: 'older', mode: 'legacy', version: '2025-11-25' },
];

/** Where a client connects, and as what. */
export interface SdkOptions<Capabilities> {
  /** The path of the resource; `/mcp`, or `/sse` for SSE, by default. */
  readonly path?: string;
  readonly capabilities?: Capabilities;
}

export type ConnectedV1 = {
  client: ClientV1;
  provider: InMemoryOAuthClientProvider;
  /** Ends the session of the server, if there is one. */
  endSession: () => Promise<void>;
};

/** Connects as the SDK's example client does: `client_secret_post`, no `state`, and only the code is given back. */
export async function connectV1(
  issuer: string,
  transport: SdkTransport,
  person: Person,
  { path = PATHS[transport], capabilities = {} }: SdkOptions<CapabilitiesV1> = {},
): Promise<ConnectedV1> {
  const provider = new InMemoryOAuthClientProvider(
    REDIRECT_URI,
    {
      client_name: 'Simple OAuth MCP Client',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    (url) => person.visit(url),
  );
  const url = new URL(path, issuer);
  // With exactOptionalPropertyTypes the SDK's own types do not match each other.
  const options = { authProvider: provider as OAuthClientProviderV1 };
  const open = () => (transport === 'SSE' ? new SseV1(url, options) : new StreamableV1(url, options));
  const refused = open();
  await assert.rejects(new ClientV1(INFO).connect(refused as TransportV1), UnauthorizedV1);
  await refused.finishAuth((await person.answer()).searchParams.get('code') ?? '');
  const client = new ClientV1(INFO, { capabilities });
  const opened = open();
  await client.connect(opened as TransportV1);
  return {
    client,
    provider,
    endSession: async () => (opened instanceof StreamableV1 ? opened.terminateSession() : undefined),
  };
}

export type ConnectedV2 = {
  client: ClientV2;
  provider: SdkProvider;
  /** Status and challenge of each answer that had one. */
  challenges: string[];
  /** Gives the answer of a later login to the client. */
  finish: () => Promise<void>;
  /** Ends the session of the server, if there is one. */
  endSession: () => Promise<void>;
};

/** Connects as an application that keeps everything that the v2 SDK gives it. */
export async function connectV2(
  issuer: string,
  transport: SdkTransport,
  mode: VersionNegotiationMode,
  person: Person,
  { path = PATHS[transport], capabilities = {} }: SdkOptions<ClientCapabilities> = {},
): Promise<ConnectedV2> {
  const provider = new SdkProvider(person);
  const challenges: string[] = [];
  const listening: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const challenge = response.headers.get('www-authenticate');
    if (challenge !== null) challenges.push(`${response.status} ${challenge}`);
    return response;
  };
  const url = new URL(path, issuer);
  const options = { authProvider: provider, fetch: listening };
  const open = () => (transport === 'SSE' ? new SseV2(url, options) : new StreamableV2(url, options));
  const refused = open();
  await assert.rejects(connecting(refused), UnauthorizedV2);
  await refused.finishAuth(await provider.answer());
  const opened = open();
  const client = await connecting(opened);
  return {
    client,
    provider,
    challenges,
    finish: async () => opened.finishAuth(await provider.answer()),
    endSession: async () => (opened instanceof StreamableV2 ? opened.terminateSession() : undefined),
  };

  async function connecting(over: SseV2 | StreamableV2): Promise<ClientV2> {
    const connected = new ClientV2(INFO, { versionNegotiation: { mode }, capabilities });
    await connected.connect(over);
    return connected;
  }
}

/** The storage of an application for the v2 client. */
export class SdkProvider implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT_URI;
  readonly clientMetadata = {
    client_name: 'SDK v2',
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'none',
  };
  readonly #person: Person;
  #client: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #state = '';
  #discovery: OAuthDiscoveryState | undefined;

  constructor(person: Person) {
    this.#person = person;
  }

  state(): string {
    this.#state = crypto.randomUUID();
    return this.#state;
  }
  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#client;
  }
  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client;
  }
  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }
  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.#person.visit(url);
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.#discovery = discovery;
  }
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }
  invalidateCredentials(what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (what === 'all' || what === 'client') this.#client = undefined;
    if (what === 'all' || what === 'tokens') this.#tokens = undefined;
    if (what === 'all' || what === 'discovery') this.#discovery = undefined;
  }

  /** The parameters of the redirect. Fails when the state is not the one that was sent. */
  async answer(): Promise<URLSearchParams> {
    const { searchParams } = await this.#person.answer();
    assert.equal(searchParams.get('state'), this.#state);
    return searchParams;
  }
}

const profileSchema = z.object({ structuredContent: z.object({ login: z.string() }) });

/** Whose profile a result of `get_user_profile` is. */
export function loginOf(result: unknown): string {
  return profileSchema.parse(result).structuredContent.login;
}
