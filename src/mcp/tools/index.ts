/** The list of tools. To add a tool, write its file beside this one, and name it here. */
import type { Tool } from '../tool.ts';
import { getSessionStats, listSessions, revokeSession } from './administration.ts';
import { getAuthStatus } from './get-auth-status.ts';
import { getUserProfile } from './get-user-profile.ts';
import { listOrganizations } from './list-organizations.ts';
import { listRepositories } from './list-repositories.ts';
import { listUserEmails } from './list-user-emails.ts';

export const tools: readonly Tool[] = [
  getUserProfile,
  getAuthStatus,
  listUserEmails,
  listOrganizations,
  listRepositories,
  listSessions,
  revokeSession,
  getSessionStats,
];
