/**
 * Forms that repeat an authorization request, on pages that say why it could not go on: with another account, or because the
 * person took longer than the page counts. The person then sees the consent page again, and decides anew; so no page has a time
 * limit that costs more than a click (WCAG 2.2, success criterion 2.2.1).
 */
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import { spaceSeparated } from '../../protocol/parameters.ts';
import { SealBroken, type Secrets } from '../../security/secrets.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import type { FormView } from '../../web/views.ts';

/** What the seal of the hidden field is bound to. */
const PURPOSE = 'repeated-request';
const sealedSchema = z.object({ expiresAt: z.number(), fields: z.record(z.string(), z.string()) });

/** The form lets GitHub ask for the account. @param request undefined for a login to the account page */
export function withAnotherAccount(request: AuthorizationRequest | undefined): FormView {
  const prompt = 'select_account';
  return request === undefined
    ? { method: 'post', action: '/account/sign-in', fields: { prompt }, button: 'another' }
    : { method: 'get', action: '/authorize', fields: { ...fieldsOf(request), prompt }, button: 'another' };
}

/**
 * A hidden field of a form, from which {@link repeatLate} repeats the request. It decides nothing, so it is bound to no browser.
 * @param expiresAt epoch seconds until which the form counts
 */
export function repeatField(secrets: Pick<Secrets, 'seal'>, request: AuthorizationRequest, expiresAt: number): string {
  const { prompt, loginHint } = request;
  // With a consent page, also where this browser would skip it.
  const prompts = new Set([...spaceSeparated(prompt), 'consent']);
  const fields = { ...fieldsOf(request), prompt: [...prompts].join(' '), ...defined({ login_hint: loginHint }) };
  return secrets.seal(JSON.stringify({ expiresAt, fields }), PURPOSE);
}

/**
 * The form that repeats the request of a form whose time is over.
 * @param field the value of the hidden field
 * @param now epoch seconds
 * @returns undefined before its end, and for a field that this server did not make
 */
export function repeatLate(
  secrets: Pick<Secrets, 'open'>,
  field: string | undefined,
  now: number,
): FormView | undefined {
  try {
    const { expiresAt, fields } = sealedSchema.parse(JSON.parse(secrets.open(field ?? '', PURPOSE)));
    return expiresAt > now ? undefined : { method: 'get', action: '/authorize', fields, button: 'startAgain' };
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}

/** The parameters of a request, as its client sent them, without those of OpenID Connect that say how to ask the person. */
function fieldsOf(request: AuthorizationRequest): Record<string, string> {
  const { clientId, redirectUri, redirectUriSent, codeChallenge, scope, resource, state, nonce, uiLocales } = request;
  return defined({
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
  });
}
