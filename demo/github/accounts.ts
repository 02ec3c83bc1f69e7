/**
 * The accounts of the simulated GitHub: their type, and the three default accounts. Their profiles have what real ones
 * have: names that are not ASCII, empty fields, private e-mail addresses, private and pending memberships.
 */

export interface SimulatedEmail {
  email: string;
  primary: boolean;
  verified: boolean;
  visibility: 'public' | 'private' | null;
}

export interface SimulatedMembership {
  login: string;
  id: number;
  /** `pending` until the person accepts the invitation. */
  state?: 'active' | 'pending';
  /** Whether the membership is hidden from other people. Default here: false; GitHub hides memberships by default. */
  private?: boolean;
  role?: 'member' | 'admin';
  /** Slugs of the teams that the person is a member of. */
  teams?: string[];
  /** Whether the organisation lets no third-party app read its data ("OAuth App access restrictions"). */
  restrictsApps?: boolean;
}

export interface SimulatedIssue {
  number: number;
  title: string;
  body?: string;
  state: 'open' | 'closed';
  /** The id of the account that wrote it. */
  authorId: number;
  createdAt: string;
}

export interface SimulatedGist {
  id: string;
  description: string;
  /** Others see only public gists, and so does a token without the scope `gist`. */
  public: boolean;
  filename: string;
}

export interface SimulatedRepository {
  id: number;
  name: string;
  private: boolean;
  description?: string;
  language?: string;
  fork?: boolean;
  archived?: boolean;
  stars?: number;
  /** Login of the organisation that owns it; default: the account itself. */
  owner?: string;
  defaultBranch?: string;
  pushedAt?: string;
  /** Whether its owner has switched issues off. */
  issuesDisabled?: boolean;
  /** In the order of their numbers. */
  issues?: SimulatedIssue[];
}

export interface SimulatedAccount {
  /** Identifies the account; it never changes, but the login can. */
  id: number;
  login: string;
  name: string | null;
  /** The primary address. */
  email: string;
  /** All addresses; default: `email` as the only one, primary, verified and private. */
  emails?: SimulatedEmail[];
  company?: string | null;
  blog?: string;
  location?: string | null;
  bio?: string | null;
  hireable?: boolean | null;
  twitterUsername?: string | null;
  siteAdmin?: boolean;
  followers?: number;
  following?: number;
  publicGists?: number;
  plan?: 'free' | 'pro';
  twoFactorAuthentication?: boolean;
  createdAt?: string;
  updatedAt?: string;
  organizations?: SimulatedMembership[];
  repositories?: SimulatedRepository[];
  gists?: SimulatedGist[];
}

/** The default accounts; each call returns new objects. */
export function demoAccounts(): SimulatedAccount[] {
  return [
    {
      id: 583231,
      login: 'octocat',
      name: 'The Octocat',
      email: 'octocat@example.com',
      emails: [
        { email: 'octocat@example.com', primary: true, verified: true, visibility: 'public' },
        { email: 'octocat@users.noreply.example.com', primary: false, verified: true, visibility: null },
      ],
      company: '@octo-org',
      blog: 'https://octocat.example.com',
      location: 'San Francisco',
      bio: 'Eight arms, one keyboard.',
      followers: 20_341,
      following: 9,
      publicGists: 8,
      twoFactorAuthentication: true,
      createdAt: '2011-01-25T18:44:36Z',
      updatedAt: '2026-10-22T11:25:07Z',
      organizations: [{ login: 'octo-org', id: 9_919_001, role: 'admin', teams: ['core'] }],
      repositories: [
        {
          id: 1_296_269,
          name: 'Hello-World',
          private: false,
          description: 'My first repository!',
          stars: 3012,
          issues: [
            {
              number: 1,
              title: 'Found a bug 🐛',
              body: 'I am having a problem with this.',
              state: 'open',
              authorId: 2_345_101,
              createdAt: '2026-05-04T03:02:01Z',
            },
            { number: 2, title: 'Say hello', state: 'closed', authorId: 583_231, createdAt: '2026-05-05T03:02:01Z' },
          ],
        },
        { id: 1_300_192, name: 'Spoon-Knife', private: false, language: 'HTML', stars: 12_953 },
        { id: 2_104_551, name: 'linguist', private: false, language: 'Ruby', fork: true, stars: 611 },
        { id: 7_450_021, name: 'secret-garden', private: true, description: 'Nobody knows.', language: 'TypeScript' },
        { id: 7_450_022, name: 'handbook', private: true, owner: 'octo-org', description: 'How we work.' },
      ],
      gists: [
        { id: 'aa5a315d61ae9438b18d', description: 'Hello World Examples', public: true, filename: 'hello_world.rb' },
        { id: 'bb6b426e72bf0549c29e', description: 'Not for everybody', public: false, filename: 'notes.txt' },
      ],
    },
    {
      id: 2_345_101,
      login: 'monalisa',
      name: '山田 モナリザ',
      email: 'monalisa@example.jp',
      emails: [
        { email: 'monalisa@example.jp', primary: true, verified: true, visibility: 'private' },
        { email: 'mona@old.example.jp', primary: false, verified: false, visibility: null },
      ],
      company: '株式会社オクト',
      location: '東京 🗼',
      bio: 'コードと絵を描きます — “naïve” café <b>&amp;</b>',
      hireable: true,
      followers: 77,
      following: 103,
      plan: 'pro',
      createdAt: '2012-08-08T06:43:11Z',
      updatedAt: '2026-09-30T23:59:59Z',
      organizations: [
        { login: 'octo-org', id: 9_919_001, private: true, teams: ['core'] },
        { login: 'hidden-lab', id: 9_919_002, private: true, teams: ['research'] },
      ],
      repositories: [
        {
          id: 8_812_001,
          name: 'sketchbook',
          private: false,
          description: 'スケッチ帳',
          language: 'TypeScript',
          stars: 41,
        },
        { id: 8_812_002, name: 'diary', private: true },
      ],
    },
    {
      id: 480_938,
      login: 'hubot',
      name: null,
      email: 'hubot@example.com',
      followers: 3,
      following: 0,
      createdAt: '2010-11-13T00:33:20Z',
      updatedAt: '2026-01-02T03:04:05Z',
      organizations: [{ login: 'octo-org', id: 9_919_001, state: 'pending' }],
      repositories: [],
    },
  ];
}

/** All addresses of an account, also when only `email` is set. */
export function emailsOf(account: SimulatedAccount): SimulatedEmail[] {
  return account.emails ?? [{ email: account.email, primary: true, verified: true, visibility: 'private' }];
}
