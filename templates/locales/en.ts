/**
 * The English texts. Every locale must have the same keys as this object. In a text, `{name}` is a placeholder, whose
 * value is escaped, and text between backticks is shown as code. There is no other markup.
 */
import type { ErrorKind } from '../../src/web/views.ts';

/** The text of an error page: a title, what happened, and what to do next. */
export interface ErrorText {
  readonly title: string;
  readonly what: string;
  readonly next: readonly string[];
}

export const en = {
  /** The name of this language, in itself. */
  language: 'English',
  changeLanguage: 'Language',
  timeZone: { label: 'Time zone', change: 'Change' },
  brand: 'MCP GitHub bridge',
  unnamedApp: 'An app without a name',
  connectedAs: 'Connected as {login}',
  connectedApps: 'Your connected apps',

  footer: { support: 'Help', privacy: 'Privacy', terms: 'Terms' },

  consent: {
    title: 'Allow access to your GitHub account?',
    sentence: '“{name}” wants to use your {github} account through {operator}',
    sentenceUnnamed: 'An app without a name wants to use your {github} account through {operator}',
    unnamed: 'The app does not say what it is called.',
    callsItself: 'The app calls itself',
    quoted: '“{name}”',
    verifiedDomain: 'Verified domain',
    unverified: 'The app chose this name itself. It is not verified.',
    ownName: 'The app chose this name itself. Only its domain is verified.',
    website: 'Website it names',
    goesTo: 'You’ll be sent back to',
    goesToKind: {
      https: 'A website. You should recognize it.',
      loopback: 'A program on this computer.',
      app: 'An app on this device that opens links of this kind.',
    },
    caution: 'Allow this only if you started it yourself, just now.',
    odd: 'Another website brought you here',
    oddKind: {
      loopback:
        'You would be sent back to a program on this computer, but such programs open this page themselves. If you followed a link or a message, cancel.',
      app: 'You would be sent back to an app on this device, but such apps open this page themselves. If you followed a link or a message, cancel.',
    },
    recipient: {
      github: {
        what: '{host} will receive your GitHub token, with the access listed below, at every call.',
        meaning: 'It can do everything that this access allows, until you disconnect the app.',
      },
      githubApp: {
        what: '{host} will receive your GitHub token at every call.',
        meaning:
          'What it can do with the token is limited by the permissions of the operator’s GitHub App, not by the list below, until you disconnect the app.',
      },
      identity: {
        what: '{host} will learn your GitHub account: its name and its number.',
        meaning: 'It gets no GitHub token, so it cannot act on your GitHub account.',
      },
      none: {
        what: '{host} learns nothing about your GitHub account.',
        meaning: 'It gets what the app sends, and nothing else.',
      },
    },
    scopes: 'The app will be able to',
    scopesWithToken: 'The app and {host} will be able to',
    groups: { dangerous: 'Delete or administer', change: 'Change', read: 'Read' },
    identity: {
      who: 'Know who you are: your user name and your profile, including what is not public in it.',
      whoWithEmail:
        'Know who you are: your user name, your email address and your profile, including what is not public in it.',
      stay: 'Stay connected until you disconnect it.',
      between: ' ',
    },
    isNew: 'New',
    untick: 'Uncheck what you don’t want to give. The app may ask you for it again.',
    changes: 'Can change things',
    policyScopes: 'Only for this server',
    policyLead:
      'To know who you are and whether you may sign in here, this server also asks GitHub for this. The app does not get it.',
    server: 'The MCP server that it will use',
    resource: 'The access is for this server',
    runBy: 'This page is run by {operator}. The app never sees your GitHub password or your GitHub token.',
    nextStep:
      'If you allow this, {github} comes next. It asks you to sign in if you are not signed in there. You can disconnect the app at any time at {account}.',
    remember: 'Do not ask me again for this app and these permissions',
    allow: 'Allow',
    cancel: 'Cancel',
  },

  connect: {
    title: 'Connect the app to this GitHub account?',
    lead: '{github} says that you are {login}. One more step connects {name} to this account.',
    account: 'GitHub account',
    caution:
      'Another program on this computer may have started this sign-in. Connect only if you allowed this app just now, in this browser. Otherwise close this page: the app then gets nothing.',
    connect: 'Connect',
    another: 'Use another account',
  },

  /** What an MCP server behind this one gets of the person. */
  recipient: {
    github: '{host} receives your GitHub token at every call.',
    identity: '{host} learns your GitHub account (name and number), and gets no GitHub token.',
    none: '{host} learns nothing about your GitHub account.',
  },

  scopes: {
    repo: 'Read and change all your repositories, private ones included: code, issues, pull requests, settings and collaborators',
    'repo:status': 'Read and set the status of commits, in private repositories too',
    repo_deployment: 'Read and set the status of deployments, in private repositories too',
    public_repo: 'Read and change your public repositories',
    'repo:invite': 'Accept and decline invitations to repositories',
    security_events: 'Read and change security alerts of code scanning',
    'admin:repo_hook': 'Create, change and delete webhooks of your repositories (automatic messages to other servers)',
    'write:repo_hook': 'Create and change webhooks of your repositories (automatic messages to other servers)',
    'read:repo_hook': 'See the webhooks of your repositories',
    'admin:org': 'Manage your organizations completely: teams, projects and members',
    'write:org': 'Change your membership of organizations, and their projects',
    'read:org': 'See which organizations and teams you belong to',
    'admin:public_key': 'Add, see and delete the SSH keys that give access to your account',
    'write:public_key': 'Add and see the SSH keys that give access to your account',
    'read:public_key': 'See your SSH keys',
    'admin:org_hook': 'Create, change and delete webhooks of organizations (automatic messages to other servers)',
    gist: 'Create and change gists (shared snippets of text)',
    notifications: 'Read your notifications, mark them as read, and watch or unwatch repositories',
    user: 'Read and change your profile, your email addresses and whom you follow',
    'read:user': 'Read your profile, including what is not public in it',
    'user:email': 'Read your email addresses',
    'user:follow': 'Follow and unfollow people for you',
    project: 'Read and change your projects and those of your organizations',
    'read:project': 'Read your projects and those of your organizations',
    delete_repo: 'Delete repositories that you administer',
    'write:packages': 'Publish packages to GitHub Packages',
    'read:packages': 'Download packages from GitHub Packages',
    'delete:packages': 'Delete packages from GitHub Packages',
    'admin:gpg_key': 'Add, see and delete the GPG keys that prove which commits are yours',
    'write:gpg_key': 'Add and see the GPG keys that prove which commits are yours',
    'read:gpg_key': 'See your GPG keys',
    codespace: 'Create and manage your codespaces (development machines in the cloud)',
    workflow: 'Add and change the automated workflows (GitHub Actions) of your repositories',
    'read:audit_log': 'Read the audit log of your organizations',
    openid: 'Know that it is you who signed in',
    profile: 'See your name, your user name and your picture',
    email: 'See your email address',
    'bridge:admin': 'See and end everybody’s sessions at this server, if you administer it',
    offline_access: 'Stay connected while you are away, until you disconnect it',
  },
  unknownScope: 'A permission that this page does not know. Look up its name before you allow it',

  /** The titles of the built-in tools, for the landing page and for MCP clients. */
  tools: {
    get_user_profile: 'Get the GitHub profile',
    get_auth_status: 'Get the sign-in status',
    list_user_emails: 'List the email addresses',
    list_organizations: 'List the organizations',
    list_repositories: 'List the repositories',
    list_sessions: 'List everybody’s sessions',
    revoke_session: 'End a session',
    get_session_stats: 'Count the sessions',
  },

  returning: {
    success: 'Access granted',
    successLead: 'Open the app to finish. When it has opened, you can close this page.',
    failure: 'Access not granted',
    failureLead: 'You can close this page. To let the app know, open it.',
    open: 'Open the app',
    blocked: 'This page cannot open the app. Close this page, go back to the app and connect again.',
  },

  error: {
    next: 'What to do next',
    reference: 'Reference',
    referenceUse: 'It helps the operator find out what happened.',
    contact: 'Contact {operator}',
    detail: 'Technical detail',
    signedInAs: 'You signed in to {github} as {login}.',
    retryAfter: 'Try again in {time}.',
    app: 'The app calls itself',
    another: 'Use another {github} account',
    startAgain: 'Start again',
    startAgainStep: 'To see once more what the app asks for, and to decide, start again.',
    back: 'Return to the app',
    backTo: 'The button takes you to {host}. Follow it only if you came from there.',
    readd: 'How to remove and add the server',
    readdClients: [
      {
        name: 'Claude (web, desktop)',
        how: 'Settings → Connectors: remove the connector, then add it again as a custom connector.',
      },
      {
        name: 'Claude Code',
        how: 'Run `claude mcp remove github-account` (or the name you gave it), then `claude mcp add …` again.',
      },
      {
        name: 'VS Code',
        how: 'Run `Authentication: Remove Dynamic Authentication Providers` from the command palette, choose this server, then start it again.',
      },
      { name: 'Cursor', how: 'Settings → MCP: log out of the server or remove it, restart Cursor, then add it again.' },
      { name: 'ChatGPT', how: 'Settings → Connectors (or Apps): delete the connector, then create it again.' },
      {
        name: 'MCP Inspector',
        how: 'Clear the stored OAuth state in the authentication settings, or the data of the Inspector’s page in the browser, then connect again.',
      },
      { name: 'mcp-remote', how: 'Run `rm -rf ~/.mcp-auth`, then restart the program that uses it.' },
      { name: 'openmcp-client', how: 'Delete the connection, then make a new one.' },
    ],
  },

  errors: {
    unknown_client: {
      title: 'This server does not know the app',
      what: 'The app uses a registration that this server no longer has, or never had. This happens when the server was set up again, or when the app was not used for a long time.',
      next: ['In the app, remove this server and add it again. The app then registers again.'],
    },
    invalid_client_metadata: {
      title: 'The app’s description cannot be used',
      what: 'The app points to a description of itself on the web, which is not valid.',
      next: ['Tell the maker of the app, with the technical detail below.'],
    },
    client_unreachable: {
      title: 'The app’s description cannot be fetched',
      what: 'The app points to a description of itself on the web, which this server cannot fetch right now. Nothing is lost.',
      next: [
        'Wait a little, then try again.',
        'If it happens again, tell the maker of the app, with the technical detail below.',
      ],
    },
    invalid_redirect_uri: {
      title: 'The return address doesn’t match',
      what: 'The address to which the answer should go is not one that the app registered. To protect you, this server stopped here.',
      next: [
        'If you followed a link from somewhere else than your app, close this page.',
        'Otherwise remove this server in the app and add it again.',
      ],
    },
    invalid_request: {
      title: 'This server cannot answer the app’s request',
      what: 'The request that brought you here has something missing or wrong in it, or asks for what this server does not do.',
      next: [
        'Go back to the app and connect again.',
        'If it happens again, update the app, or tell its maker, with the technical detail below.',
      ],
    },
    expired_request: {
      title: 'This sign-in is over',
      what: 'A sign-in can be finished only once, and only for a short time. This one was finished before, or it took too long. The app got nothing from it now.',
      next: [
        'If the app is not connected, go back to it and connect again.',
        'On the page of your connected apps, sign in again.',
      ],
    },
    finished: {
      title: 'You are connected',
      what: 'This sign-in has already succeeded, and the app has its answer.',
      next: [
        'You can close this page and go back to the app.',
        'If the app says that it is not connected, connect again there.',
      ],
    },
    no_cookies: {
      title: 'Your browser sent no cookies',
      what: 'A sign-in needs a cookie, so that nobody else can finish it. Your browser does not keep cookies of this server, or it did not send them. Nothing was allowed.',
      next: [
        'Allow cookies for this server in the settings of your browser.',
        'Then go back to the app and connect again.',
      ],
    },
    other_browser: {
      title: 'This sign-in was started in another browser',
      what: 'You came back from GitHub in a browser that did not start this sign-in, or that does not keep cookies. To protect you, this server stopped here.',
      next: [
        'Go back to the app and connect again; stay in the same browser from start to end.',
        'If you block cookies, allow them for this server.',
        'If somebody sent you the link, close this page. Do not sign in for others.',
      ],
    },
    forged_form: {
      title: 'This form could not be accepted',
      what: 'The form did not come from a page that this server showed in this browser, or that page was too old. Nothing was changed.',
      next: ['Go back, reload the page and try again.', 'If you block cookies, allow them for this server.'],
    },
    not_allowed: {
      title: 'This account may not sign in here',
      what: 'The operator decides which GitHub accounts may use this server. Yours is not among them.',
      next: [
        'If you have another GitHub account, use that one.',
        'Otherwise ask the operator to let you in.',
        'If your organization restricts apps, an owner may have to approve this one at GitHub.',
      ],
    },
    github_denied: {
      title: 'GitHub gave no access',
      what: 'The sign-in was canceled at GitHub, or the access was withdrawn there. Nothing was changed.',
      next: ['If you did not mean to cancel, sign in again.'],
    },
    github_account: {
      title: 'GitHub does not let this account through',
      what: 'GitHub refuses to act for this account: its email address may not be verified, or GitHub or its organization restricts it.',
      next: [
        'Open GitHub and do what it asks of your account, for example verify your primary email address. Then connect again.',
        'If you have another GitHub account, connect again with that one.',
      ],
    },
    github_suspended: {
      title: 'GitHub has suspended this server’s app',
      what: 'The GitHub app through which this server works is suspended, so nobody can sign in at the moment.',
      next: ['Tell the operator, with the reference below.'],
    },
    github_unreachable: {
      title: 'GitHub does not answer',
      what: 'This server could not reach GitHub, or GitHub had a problem of its own. Your connected apps stay connected.',
      next: ['Try again in a few minutes.', 'If it lasts, look at GitHub’s status page.'],
    },
    github_rate_limited: {
      title: 'GitHub limits the requests of this account',
      what: 'GitHub has had too many requests for this account, and accepts no more for a while. Your connected apps stay connected.',
      next: ['Wait, then connect again in the app, or sign in again here.'],
    },
    github_misconfigured: {
      title: 'This server is not set up correctly',
      what: 'GitHub refused this server’s own credentials or address. You did nothing wrong.',
      next: ['Tell the operator, with the reference below.'],
    },
    too_many_requests: {
      title: 'Too many requests',
      what: 'There were too many requests from your network in a short time.',
      next: ['Wait a little, then try again.'],
    },
    unavailable: {
      title: 'This server is not available right now',
      what: 'A part that this server needs does not answer. Nothing is lost.',
      next: ['Wait a little, then try again.'],
    },
    not_found: {
      title: 'There is nothing here',
      what: 'This address does not exist on this server.',
      next: ['Check the address, or start from the front page: the name at the top leads there.'],
    },
    internal: {
      title: 'Something went wrong',
      what: 'This server made a mistake. You did nothing wrong.',
      next: ['Try again.', 'If it happens again, tell the operator, with the reference below.'],
    },
  } satisfies Record<ErrorKind, ErrorText>,

  landing: {
    title: 'GitHub for your MCP clients',
    behindTitle: '{title} for your MCP clients',
    behindLead:
      'This server stands in front of {server}. The AI tools that you use, such as ChatGPT, Claude, VS Code or Cursor, can use it once you have signed in with {github}.',
    lead: 'This server lets the AI tools that you use, such as ChatGPT, Claude, VS Code or Cursor, act on your GitHub account: with the permissions you allow, and nothing more.',
    inBrowser:
      'You have opened the address of an MCP server in a browser. It is for MCP clients: give it to yours, as this page says.',
    frontPage: 'Front page',
    audience:
      'It is for anyone with a GitHub account and a client that speaks the Model Context Protocol (MCP). There is nothing to install and no token to copy.',
    simulated: 'Demo',
    simulatedNote:
      'GitHub is simulated here: no real account is touched. It forgets everything when it stops. Sign in again after that.',
    address: 'Address of this server',
    addressHint: 'One click selects it all.',
    sse: 'Older clients (HTTP+SSE): `{url}`',
    how: 'How it works',
    steps: [
      'Give your client the address above.',
      'It opens this server in your browser. You see who asks, and for what.',
      'You sign in with {github}, and the client gets a token that works only here.',
    ],
    tokenStays: 'Your GitHub token stays on this server.',
    tokenPasses: 'No client gets your GitHub token. A server gets it only where this page says so.',
    others: 'More MCP servers here',
    othersLead: 'Each has an address of its own, and you allow the access to each on its own.',
    connect: 'Connect your client',
    orFile: 'Or put this into `{file}`:',
    publicOnly:
      '{client} runs in the cloud and cannot reach this server, which answers only on this computer. It needs a public https address.',
    clients: {
      claude: {
        name: 'Claude (web, desktop)',
        steps: [
          'Open Settings → Connectors → Add custom connector.',
          'Enter a name and this URL, add it, then choose Connect.',
        ],
      },
      claudeCode: {
        name: 'Claude Code',
        steps: ['Run this, then `/mcp` inside Claude Code, and choose Authenticate.'],
      },
      vscode: { name: 'VS Code', steps: [], install: 'Install in VS Code' },
      cursor: { name: 'Cursor', steps: [], install: 'Install in Cursor' },
      chatgpt: {
        name: 'ChatGPT',
        steps: [
          'Turn developer mode on: Settings → Connectors (or Apps) → Advanced settings.',
          'Under Settings → Connectors (or Apps), choose Create, enter this URL, and choose OAuth as authentication.',
        ],
      },
      inspector: {
        name: 'MCP Inspector',
        steps: ['Run this. In the page that opens, switch the connection on.'],
      },
      openmcp: {
        name: 'openmcp-client',
        steps: ['Make a new connection, choose Streamable HTTP or SSE, and enter the URL.'],
        httpSteps: ['Make a new connection, choose Streamable HTTP, and enter this URL.'],
        http: 'Streamable HTTP',
        sse: 'SSE',
      },
      mcpRemote: {
        name: 'mcp-remote',
        steps: ['For clients that can only start local programs.'],
        config: 'As an entry of such a client’s configuration:',
      },
    },
    tools: 'Tools',
    toolsLead: 'What a connected client can call, and the GitHub permissions that each tool needs.',
  },

  account: {
    title: 'Your connected apps',
    signInLead:
      'Sign in with {github} to see which apps are connected to your account through this server, and to disconnect them.',
    signIn: 'Sign in with {github}',
    signOut: 'Sign out',
    signedInAs: 'Signed in as {login}',
    none: 'No app is connected to your account.',
    noneHint: 'How to connect one',
    host: 'Sends you back to',
    resource: 'For the server',
    hasToken: 'Has your GitHub token',
    scopes: 'Allowed to',
    noScopes: 'Nothing but to know who you are',
    firstUsed: 'Connected',
    lastUsed: 'Last used',
    expires: 'Ends if unused',
    disconnect: 'Disconnect',
    disconnectAll: 'Disconnect all apps…',
    disconnectAllLead: 'Every app loses access at once. To use one again, connect it again.',
    disconnectAllConfirm: 'Disconnect all',
    github: 'You can also revoke this server’s access at {github}; that ends every connection of yours here.',
    githubLink: 'Open the settings at GitHub',
    admin: 'Everybody’s connected apps',
    ended: '“{name}” is disconnected.',
    notices: {
      disconnected: 'The app is disconnected.',
      disconnected_all: 'All apps are disconnected.',
      signed_out: 'You are signed out here. Your apps stay connected.',
    },
  },

  admin: {
    title: 'Everybody’s connected apps',
    lead: 'You see this because you are an administrator of this server.',
    counts: 'People: about {people}. Connections: about {sessions}. What ended within the last hour may be counted.',
    query: 'Search for the beginning of a GitHub user name',
    queryHint: 'Or {id} for a GitHub account, {client} for an app or a server.',
    sort: 'Order',
    sorts: { login: 'User name', created: 'Connected last', 'last-used': 'Used last' },
    hasToken: 'Has the GitHub token',
    search: 'Search',
    results: 'People',
    none: 'Nobody has a connected app.',
    noneBlocked: 'Nobody is blocked.',
    noneFound: 'Nobody with a connected app matches “{query}”.',
    id: 'id {id}',
    unknownLogin: 'GitHub account',
    endAll: 'Disconnect all apps of this person…',
    endAllLead: 'Every app of this person loses access at once. The person can connect again.',
    endAllConfirm: 'Disconnect all',
    block: 'Block this person…',
    blockLead: 'Every app of this person loses access at once, and the person cannot connect again until unblocked.',
    blockConfirm: 'Block',
    reason: 'Reason, for administrators only (optional)',
    blocked: 'Blocked',
    unblock: 'Unblock',
    blockedPeople: 'Blocked people',
    everybody: 'Everybody’s connected apps',
    next: 'Next page',
    back: 'Your own connected apps',
    notices: {
      disconnected: 'The app is disconnected.',
      ended_all: 'All apps of the person are disconnected.',
      blocked: 'The person is blocked.',
      unblocked: 'The person is not blocked any more.',
      not_yourself: 'You cannot block yourself.',
    },
  },
};

/** The texts of a locale. */
export type Messages = typeof en;
