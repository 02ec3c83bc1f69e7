/** OpenID Connect's parameters of an authorization request, as far as GitHub allows. @see OpenID Connect Core section 3.1.2.1 */
import { defined } from '../../base/defined.ts';
import { invalidRequest } from '../../protocol/oauth-error.ts';
import { type Parameters, spaceSeparated } from '../../protocol/parameters.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import { PROMPT_VALUES } from './metadata.ts';

/** Characters. What a client sends is stored until the person decides. */
const MAX_NONCE = 512;
const MAX_LOGIN_HINT = 100;

/**
 * Reads `nonce`, `prompt`, `max_age` and `login_hint`.
 * @throws {OAuthError} invalid_request
 */
export function openidParameters(parameters: Parameters): Pick<AuthorizationRequest, 'nonce' | 'prompt' | 'loginHint'> {
  const nonce = parameters.get('nonce');
  if (nonce !== undefined && nonce.length > MAX_NONCE)
    throw invalidRequest(`nonce is longer than ${MAX_NONCE} characters`);
  // Values that this server does not know are left out (OpenID Connect Core section 3.1.2.1).
  const prompt = spaceSeparated(parameters.get('prompt')).filter((value) => PROMPT_VALUES.includes(value));
  if (prompt.includes('none') && prompt.length > 1) throw invalidRequest('prompt: none stands alone');
  const maxAge = parameters.get('max_age');
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) throw invalidRequest('max_age is not a number of seconds');
  return defined({
    nonce,
    prompt: promptWith(prompt, maxAge),
    loginHint: parameters.get('login_hint')?.slice(0, MAX_LOGIN_HINT),
  });
}

/**
 * The `prompt` of a request. `max_age=0` asks for what `prompt=login` asks for; any other age is met, because each login
 * visits GitHub anew. @see OpenID Connect Core section 3.1.2.1
 */
function promptWith(values: readonly string[], maxAge: string | undefined): string | undefined {
  const asksForLogin = maxAge !== undefined && Number(maxAge) === 0 && !values.includes('none');
  const all = new Set(asksForLogin ? [...values, 'login'] : values);
  return all.size === 0 ? undefined : [...all].join(' ');
}
