/**
 * The token endpoint: POST /login/oauth/access_token. Exchanges codes and refresh tokens. As at GitHub, errors have
 * status 200, and answers are form-encoded unless the request prefers JSON or XML.
 *
 * @see
 *   https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
 */
import { createHash } from 'node:crypto';
import Router from '@koa/router';
import { emailsOf } from './accounts.ts';
import { redirectUriFor, type SimulatedApp } from './apps.ts';
import type { AuthorizationCode, Credentials, TokenRecord } from './credentials.ts';
import type { Directory } from './directory.ts';
import { type Context, type Exchange, readParameters, UnreadableBody } from './exchange.ts';

const DOCUMENTATION =
  'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors';

const DESCRIPTIONS = {
  incorrect_client_credentials: 'The client_id and/or client_secret passed are incorrect.',
  redirect_uri_mismatch: 'The redirect_uri MUST match the registered callback URL for this application.',
  bad_verification_code: 'The code passed is incorrect or expired.',
  bad_refresh_token: 'The refresh token passed is incorrect or expired.',
  unverified_user_email: 'The user must have a verified primary email.',
  unsupported_grant_type: 'The grant type is not supported.',
} as const;

type TokenErrorCode = keyof typeof DESCRIPTIONS;

/** An error of the token endpoint; it is answered with status 200. */
class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode) {
    super(DESCRIPTIONS[code]);
    this.code = code;
  }
}

export interface TokenEndpointParts {
  directory: Directory;
  credentials: Credentials;
  now(): number;
  /** Whether it behaves like Enterprise Server, which does not support PKCE. */
  enterprise: boolean;
}

export function createTokenEndpoint(parts: TokenEndpointParts): Router<Exchange> {
  const { directory, credentials } = parts;
  const router = new Router<Exchange>();

  router.post('/login/oauth/access_token', async (ctx) => {
    try {
      const parameters = await readParameters(ctx);
      const { call } = ctx.state;
      const grantType = parameters.get('grant_type') || 'authorization_code';
      call.grantType = grantType;
      call.pkce = parameters.has('code_verifier');
      const app = authenticate(parameters);
      call.clientId = app.clientId;
      const record = grant(grantType, app, parameters);
      call.accountId = record.accountId;
      send(ctx, answerOf(record));
    } catch (error) {
      if (error instanceof UnreadableBody) return ctx.throw(400, error.message);
      if (!(error instanceof TokenError)) throw error;
      ctx.state.call.error = error.code;
      const errorUri = `${DOCUMENTATION}/#${error.code.replaceAll('_', '-')}`;
      send(ctx, { error: error.code, error_description: error.message, error_uri: errorUri });
    }
  });

  function authenticate(parameters: URLSearchParams): SimulatedApp {
    const app = directory.findApp(parameters.get('client_id'));
    if (app === undefined || app.clientSecret !== parameters.get('client_secret')) {
      throw new TokenError('incorrect_client_credentials');
    }
    return app;
  }

  function grant(grantType: string, app: SimulatedApp, parameters: URLSearchParams): TokenRecord {
    if (grantType === 'authorization_code') return exchangeCode(app, parameters);
    if (grantType !== 'refresh_token') throw new TokenError('unsupported_grant_type');
    const record = credentials.refresh(parameters.get('refresh_token') ?? '', app.clientId);
    if (record === undefined) throw new TokenError('bad_refresh_token');
    return record;
  }

  function exchangeCode(app: SimulatedApp, parameters: URLSearchParams): TokenRecord {
    const code = credentials.findCode(parameters.get('code') ?? '');
    if (code === undefined || code.clientId !== app.clientId) throw new TokenError('bad_verification_code');
    const redirectUri = parameters.get('redirect_uri');
    if (redirectUri !== null && (redirectUriFor(app, redirectUri) === undefined || redirectUri !== code.redirectUri)) {
      throw new TokenError('redirect_uri_mismatch');
    }
    const account = directory.account(code.accountId);
    if (!emailsOf(account).some(({ primary, verified }) => primary && verified)) {
      throw new TokenError('unverified_user_email');
    }
    // From here on the code is used up, even if the verifier is wrong.
    credentials.useCode(code.code);
    if (!verifierMatches(code, parameters.get('code_verifier'))) throw new TokenError('bad_verification_code');
    const { accountId, scopes, offlineAccess } = code;
    return credentials.issueToken({ app, accountId, scopes, offlineAccess });
  }

  function verifierMatches({ codeChallenge }: AuthorizationCode, verifier: string | null): boolean {
    if (parts.enterprise || codeChallenge === undefined) return true;
    return verifier !== null && createHash('sha256').update(verifier).digest('base64url') === codeChallenge;
  }

  function answerOf(record: TokenRecord): Record<string, string | number> {
    const { token, expiresAt, refresh, scopes } = record;
    const seconds = (until: number) => Math.round((until - parts.now()) / 1000);
    return {
      access_token: token,
      ...(expiresAt === undefined ? {} : { expires_in: seconds(expiresAt) }),
      ...(refresh === undefined
        ? {}
        : { refresh_token: refresh.token, refresh_token_expires_in: seconds(refresh.expiresAt) }),
      scope: scopes.join(','),
      token_type: 'bearer',
    };
  }

  return router;
}

/** Sends the answer in the format of the Accept header; the default is form-encoded, also for any type. */
function send(ctx: Context, answer: Record<string, string | number>): void {
  ctx.status = 200;
  ctx.set('Cache-Control', 'max-age=0, private, must-revalidate');
  ctx.vary('Accept');
  const accept = ctx.get('Accept');
  if (/\bapplication\/json\b/i.test(accept)) {
    ctx.body = answer;
    return;
  }
  const entries = Object.entries(answer).map(([name, value]): [string, string] => [name, String(value)]);
  if (/\bapplication\/xml\b/i.test(accept)) {
    const encode = (text: string) => text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
    ctx.type = 'application/xml; charset=utf-8';
    ctx.body = `<OAuth>${entries.map(([name, value]) => `<${name}>${encode(value)}</${name}>`).join('')}</OAuth>`;
    return;
  }
  ctx.type = 'application/x-www-form-urlencoded; charset=utf-8';
  ctx.body = new URLSearchParams(entries).toString();
}
