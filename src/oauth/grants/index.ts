/** The grant types of the token endpoint. To add one, write its file beside this one, and name it here. */
import { authorizationCode } from './authorization-code.ts';
import type { GrantType } from './grant-type.ts';
import { refreshToken } from './refresh-token.ts';

export const grantTypes: readonly GrantType[] = [authorizationCode, refreshToken];
