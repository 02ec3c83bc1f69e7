/** The scopes that no person is asked about one by one. */

/** Who the person is, and access until it is disconnected: what every consent gives, in one line of the consent page. */
export const IDENTITY_SCOPES: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'offline_access',
  'read:user',
]);
