/** All tools, in the order of the list. */
import type { McpTool } from '../tool.ts';
import { getMe, getTeamMembers, getTeams } from './context.ts';
import { listGists, listNotifications } from './inbox.ts';
import { createIssue, issueWrite, listIssues } from './issues.ts';
import { searchRepositories } from './repos.ts';

export const TOOLS: readonly McpTool[] = [
  createIssue,
  getMe,
  getTeamMembers,
  getTeams,
  issueWrite,
  listGists,
  listIssues,
  listNotifications,
  searchRepositories,
];
