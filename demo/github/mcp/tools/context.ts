/** The toolset `context`: who the person is, and their teams. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const getMe = defineTool({
  name: 'get_me',
  title: 'Get my user profile',
  description: 'Get the profile of the authenticated GitHub user.',
  toolset: 'context',
  uiResource: 'ui://github-mcp-server/get-me',
  failure: 'failed to get user',
  inputSchema: z.object({}),
  async handler(_input, rest) {
    const { data } = await rest.users.getAuthenticated();
    const { login, id, html_url, avatar_url } = data;
    return {
      login,
      id,
      profile_url: html_url,
      avatar_url,
      details: {
        name: data.name ?? undefined,
        company: data.company ?? undefined,
        blog: data.blog || undefined,
        location: data.location ?? undefined,
        email: data.email ?? undefined,
        bio: data.bio ?? undefined,
        public_repos: data.public_repos,
        public_gists: data.public_gists,
        followers: data.followers,
        following: data.following,
        created_at: data.created_at,
        updated_at: data.updated_at,
      },
    };
  },
});

/** At GitHub this and the next one use GraphQL, and it takes the login of another person too. */
export const getTeams = defineTool({
  name: 'get_teams',
  title: 'Get teams',
  description: 'Get the teams that the authenticated user is a member of.',
  toolset: 'context',
  scope: 'read:org',
  failure: 'Failed to find teams',
  inputSchema: z.object({}),
  async handler(_input, rest) {
    const { data } = await rest.teams.listForAuthenticatedUser();
    const byOrganization = Map.groupBy(data, ({ organization }) => organization.login);
    return [...byOrganization].map(([org, teams]) => ({
      org,
      teams: teams.map(({ name, slug, description }) => ({ name, slug, description: description ?? '' })),
    }));
  },
});

export const getTeamMembers = defineTool({
  name: 'get_team_members',
  title: 'Get team members',
  description: 'Get the logins of the members of a team of an organization.',
  toolset: 'context',
  scope: 'read:org',
  failure: 'Failed to get team members',
  inputSchema: z.object({
    org: z.string().describe('Login of the organization.'),
    team_slug: z.string().describe('Slug of the team.'),
  }),
  async handler({ org, team_slug }, rest) {
    const { data } = await rest.teams.listMembersInOrg({ org, team_slug });
    return data.map(({ login }) => login);
  },
});
