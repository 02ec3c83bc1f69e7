/** The scopes that no person is asked about one by one. */

/**
 * What every consent gives: who the person is, and access until it is disconnected. They are one line of the consent page. The
 * person may leave out any other scope of a request.
 */
export const IDENTITY_SCOPES: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'offline_access',
  'read:user',
]);
