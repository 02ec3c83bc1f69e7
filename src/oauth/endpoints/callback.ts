/**
 * `GET /github/callback`: back from GitHub, in the browser that was sent there, once. Success travels to the client as
 * a code; a person's Cancel as `access_denied`; everything else is explained on a page first and then carried to the
 * client, always with `state` and `iss`.
 */
import { randomUUID } from 'node:crypto';
import type Koa from 'koa';
import type { AccountSignIn } from '../../account/sign-in.ts';
import type { Revocations } from '../../github/revocations.ts';
import { noStore } from '../../protocol/http.ts';
import type { OAuthErrorCode } from '../../protocol/oauth-error.ts';
import { type Parameters, parseParameters } from '../../protocol/parameters.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import { PageError } from '../../web/page-error.ts';
import { isRegisteredId } from '../clients/client.ts';
import { upstreamScope } from '../scope.ts';
import { UpstreamFailure } from '../upstream.ts';
import { gone, showConsent } from './consent.ts';
import { UNUSED_CLIENT_TTL } from './registration.ts';
import type { Services } from './services.ts';

export interface CallbackServices
  extends Pick<Services, 'issuer' | 'store' | 'clients' | 'resources' | 'upstream' | 'logins' | 'web' | 'events'> {
  /** GitHub's own issuer: its callback may name it (RFC 9207). */
  readonly githubIssuer: string;
  readonly revocations: Revocations;
  readonly accountSignIn: AccountSignIn;
}

export function githubCallback(services: CallbackServices): Koa.Middleware {
  const { store, upstream, logins, web, events } = services;
  return async (ctx) => {
    noStore(ctx);
    const parameters = parseParameters(ctx.querystring);
    const returned = await logins.comeBack(ctx, parameters.get('state') ?? '');
    if (typeof returned === 'string') throw gone(returned);
    const { request, expectedPerson } = returned.login;
    try {
      const code = answeredCode(parameters, services.githubIssuer);
      const requested = upstreamScope(upstream.scopes, request.scope, upstream.policyScope);
      const upstreamLogin = await upstream.finishLogin(code, returned.codeVerifier, requested);
      if (services.accountSignIn.isItsOwn(request)) return await services.accountSignIn.finish(ctx, upstreamLogin);
      if (expectedPerson !== undefined && expectedPerson !== upstreamLogin.person) {
        // Somebody else came back than who allowed the consent to be remembered: they are asked themselves.
        const { person, credentialId, credential } = upstreamLogin;
        await services.revocations.discard({
          person,
          id: randomUUID(),
          credential: credentialId,
          appClientId: credential.appClientId,
          sealedTokens: credential.sealedTokens,
        });
        return await showConsent(services, ctx, await services.clients.find(request.clientId), request);
      }
      const [answer] = await Promise.all([
        logins.complete(ctx, returned, upstreamLogin),
        isRegisteredId(request.clientId)
          ? store.clients.touch(request.clientId, UNUSED_CLIENT_TTL, upstreamLogin.person)
          : undefined,
      ]);
      web.answerClient(ctx, request, { code: answer }, request.uiLocales);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      events.emit('login.failed', {
        clientId: request.clientId,
        error: error.code,
        detail: error.message,
        ...(error.login === undefined ? {} : { githubLogin: error.login }),
      });
      answerFailure(services, ctx, request, error);
    }
  };
}

/** GitHub's code, or GitHub's error as ours. @throws {UpstreamFailure} */
function answeredCode(parameters: Parameters, githubIssuer: string): string {
  const iss = parameters.get('iss');
  if (iss !== undefined && iss !== githubIssuer) {
    throw new UpstreamFailure(
      'server_error',
      'github_misconfigured',
      'the answer came from another issuer than GitHub',
      { detail: `iss=${iss}` },
    );
  }
  const code = parameters.get('code');
  const error = parameters.get('error');
  const detail = `${error}: ${parameters.get('error_description') ?? ''}`;
  if (error === undefined && code !== undefined) return code;
  switch (error) {
    case undefined:
      // GitHub never answers so: somebody took the address apart.
      throw new UpstreamFailure('server_error', 'expired_request', 'the answer has neither a code nor an error', {
        detail: 'no code',
      });
    case 'access_denied':
      throw new UpstreamFailure('access_denied', 'github_denied', 'the person declined at GitHub', { detail });
    case 'application_suspended':
      throw new UpstreamFailure(
        'temporarily_unavailable',
        'github_suspended',
        'GitHub has suspended the app of this server',
        { detail },
      );
    default:
      throw new UpstreamFailure(
        'server_error',
        'github_misconfigured',
        'GitHub does not take the configuration of this server',
        { detail },
      );
  }
}

function answerFailure(
  services: CallbackServices,
  ctx: Koa.Context,
  request: AuthorizationRequest,
  failure: UpstreamFailure,
): void {
  const response = { error: failure.code satisfies OAuthErrorCode, description: failure.description };
  const toClient = !services.accountSignIn.isItsOwn(request);
  if (failure.page === 'github_denied' && toClient) {
    services.web.answerClient(ctx, request, response, request.uiLocales);
    return;
  }
  throw new PageError(failure.page, {
    detail: failure.description,
    clientName: request.clientName,
    cause: failure,
    ...(failure.login === undefined ? {} : { login: failure.login }),
    ...(request.uiLocales === undefined ? {} : { uiLocales: request.uiLocales }),
    ...(toClient ? { continueUrl: services.web.answerUrl(request, response) } : {}),
  });
}
