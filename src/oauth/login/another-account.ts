/**
 * The form that begins a login again with another account. It repeats the authorization request, so that the other person sees
 * the consent page and decides; GitHub then lets this person choose an account.
 */
import { defined } from '../../base/defined.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import type { FormView } from '../../web/views.ts';

/** @param request undefined for a login to the account page */
export function withAnotherAccount(request: AuthorizationRequest | undefined): FormView {
  const prompt = 'select_account';
  if (request === undefined) return { method: 'post', action: '/account/sign-in', fields: { prompt } };
  const { clientId, redirectUri, redirectUriSent, codeChallenge, scope, resource, state, nonce, uiLocales } = request;
  const fields = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUriSent ? redirectUri : undefined,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    scope: scope.join(' '),
    resource,
    state,
    nonce,
    ui_locales: uiLocales,
    prompt,
  };
  return { method: 'get', action: '/authorize', fields: defined(fields) };
}
