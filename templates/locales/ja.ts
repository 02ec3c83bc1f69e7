/** 日本語。キーと `{差し込み}` は en.ts と同じでなければならない（型とテストが確かめる）。 */
import type { Messages } from './en.ts';

export const ja: Messages = {
  language: '日本語',
  changeLanguage: '言語',
  timeZone: { label: 'タイムゾーン', change: '変更する' },
  brand: 'MCP GitHub ブリッジ',
  unnamedApp: '名前のないアプリ',
  connectedAs: '{login} として連携しました',
  connectedApps: '連携中のアプリ',

  footer: { support: 'お問い合わせ', privacy: 'プライバシーポリシー', terms: '利用規約' },

  consent: {
    title: 'GitHub アカウントへのアクセスを許可しますか？',
    sentence: '「{name}」が、{operator} を通じてあなたの {github} アカウントを利用しようとしています',
    sentenceUnnamed: '名前のないアプリが、{operator} を通じてあなたの {github} アカウントを利用しようとしています',
    unnamed: 'アプリは名前を示していません。',
    callsItself: 'アプリ名（自己申告）',
    quoted: '「{name}」',
    verifiedDomain: '確認済みのドメイン',
    unverified: 'アプリ名は自己申告で、確認されていません。',
    ownName: 'アプリ名は自己申告です。確認済みなのはドメインだけです。',
    website: 'アプリが示すウェブサイト',
    goesTo: '戻り先',
    goesToKind: {
      https: 'ウェブサイトです。心当たりのあるサイトかご確認ください。',
      loopback: 'このコンピューター上のプログラムです。',
      app: 'この種類のリンクを開く、この端末上のアプリです。',
    },
    caution: 'たった今ご自身で接続を始めた場合にのみ許可してください。',
    odd: '別のウェブサイトからこのページが開かれました',
    oddKind: {
      loopback:
        '戻り先はこのコンピューター上のプログラムですが、通常はそのプログラム自身がこのページを開きます。リンクやメッセージから来た場合は、キャンセルしてください。',
      app: '戻り先はこの端末上のアプリですが、通常はそのアプリ自身がこのページを開きます。リンクやメッセージから来た場合は、キャンセルしてください。',
    },
    recipient: {
      github: {
        what: '{host} は、呼び出しのたびに、下記の権限を持つあなたの GitHub トークンを受け取ります。',
        meaning: 'アプリとの連携を解除するまで、この権限でできることをすべて行えます。',
      },
      githubApp: {
        what: '{host} は、呼び出しのたびに、あなたの GitHub トークンを受け取ります。',
        meaning:
          'トークンで何ができるかは、下記ではなく、運営者の GitHub App の権限によって決まります。アプリとの連携を解除するまで有効です。',
      },
      identity: {
        what: 'あなたの GitHub アカウント（ユーザー名と ID）が {host} に伝わります。',
        meaning: 'GitHub トークンは渡されないため、GitHub アカウントを操作することはできません。',
      },
      none: {
        what: 'あなたの GitHub アカウントの情報は {host} に伝わりません。',
        meaning: 'アプリが送る内容だけが渡されます。',
      },
    },
    scopes: 'このアプリに許可される操作',
    scopesWithToken: 'このアプリと {host} に許可される操作',
    groups: { dangerous: '削除と管理', change: '変更', read: '閲覧' },
    identity: {
      who: '本人情報の確認（ユーザー名と、非公開の項目を含むプロフィール）。',
      whoWithEmail: '本人情報の確認（ユーザー名、メールアドレス、非公開の項目を含むプロフィール）。',
      stay: '連携を解除するまでの継続的なアクセス。',
      between: '',
    },
    isNew: '新規',
    untick: '許可したくないものは、チェックを外してください。アプリが後で改めて求めることがあります。',
    changes: '変更を伴う権限',
    policyScopes: 'このサーバーだけが使う権限',
    policyLead:
      'ご本人とサインインの可否を確認するため、このサーバー自身も次の権限を GitHub に求めます。アプリには渡されません。',
    server: '利用する MCP サーバー',
    resource: 'アクセス先のサーバー',
    runBy: 'このページの運営者は {operator} です。GitHub のパスワードやトークンがアプリに渡ることはありません。',
    nextStep:
      '許可すると、続いて {github} に移ります。サインインしていない場合は、サインインを求められます。アプリとの連携は {account} でいつでも解除できます。',
    remember: 'このアプリに同じ権限を許可する場合は、次回から確認しない',
    allow: '許可する',
    cancel: 'キャンセル',
  },

  connect: {
    title: 'アプリをこの GitHub アカウントと連携しますか？',
    lead: '{github} に {login} としてサインインしています。あと 1 ステップで、{name} がこのアカウントと連携します。',
    account: 'GitHub アカウント',
    caution:
      'このコンピューター上の別のプログラムが、このサインインを始めた可能性があります。たった今このブラウザーでアプリを許可した場合にのみ連携してください。そうでない場合はこのページを閉じてください。アプリには何も渡りません。',
    connect: '連携する',
    another: '別のアカウントを使う',
  },

  recipient: {
    github: '{host} は、呼び出しのたびに、あなたの GitHub トークンを受け取ります。',
    identity: 'あなたの GitHub アカウント（ユーザー名と ID）が {host} に伝わります。GitHub トークンは渡されません。',
    none: 'あなたの GitHub アカウントの情報は {host} に伝わりません。',
  },

  scopes: {
    repo: '非公開を含むすべてのリポジトリ（コード、Issue、プルリクエスト、設定、共同作業者）の読み取りと変更',
    'repo:status': 'コミットのステータスの読み取りと設定（非公開リポジトリを含む）',
    repo_deployment: 'デプロイのステータスの読み取りと設定（非公開リポジトリを含む）',
    public_repo: '公開リポジトリの読み取りと変更',
    'repo:invite': 'リポジトリへの招待の承認と辞退',
    security_events: 'コードスキャンのセキュリティアラートの読み取りと変更',
    'admin:repo_hook': 'リポジトリの Webhook（他のサーバーへの自動通知）の作成、変更、削除',
    'write:repo_hook': 'リポジトリの Webhook（他のサーバーへの自動通知）の作成と変更',
    'read:repo_hook': 'リポジトリの Webhook の閲覧',
    'admin:org': 'Organization（チーム、プロジェクト、メンバー）の全面的な管理',
    'write:org': 'Organization への所属とプロジェクトの変更',
    'read:org': '所属している Organization とチームの閲覧',
    'admin:public_key': 'アカウントにアクセスできる SSH 鍵の追加、閲覧、削除',
    'write:public_key': 'アカウントにアクセスできる SSH 鍵の追加と閲覧',
    'read:public_key': 'SSH 鍵の閲覧',
    'admin:org_hook': 'Organization の Webhook（他のサーバーへの自動通知）の作成、変更、削除',
    gist: 'Gist（共有用の短いテキスト）の作成と変更',
    notifications: '通知の閲覧と既読化、リポジトリのウォッチの設定と解除',
    user: 'プロフィール、メールアドレス、フォローの読み取りと変更',
    'read:user': '非公開の項目を含むプロフィールの読み取り',
    'user:email': 'メールアドレスの読み取り',
    'user:follow': '他のユーザーのフォローとフォロー解除',
    project: 'ご自身と Organization のプロジェクトの読み取りと変更',
    'read:project': 'ご自身と Organization のプロジェクトの読み取り',
    delete_repo: '管理しているリポジトリの削除',
    'write:packages': 'GitHub Packages へのパッケージの公開',
    'read:packages': 'GitHub Packages からのパッケージのダウンロード',
    'delete:packages': 'GitHub Packages のパッケージの削除',
    'admin:gpg_key': 'コミットの署名に使う GPG 鍵の追加、閲覧、削除',
    'write:gpg_key': 'コミットの署名に使う GPG 鍵の追加と閲覧',
    'read:gpg_key': 'GPG 鍵の閲覧',
    codespace: 'Codespaces（クラウド上の開発環境）の作成と管理',
    workflow: 'リポジトリの自動処理（GitHub Actions のワークフロー）の追加と変更',
    'read:audit_log': 'Organization の監査ログの読み取り',
    openid: 'サインインしたご本人であることの確認',
    profile: '名前、ユーザー名、プロフィール画像の閲覧',
    email: 'メールアドレスの閲覧',
    'bridge:admin': 'このサーバーの全利用者のセッションの閲覧と終了（管理者の場合）',
    offline_access: '連携を解除するまでの継続的なアクセス（操作していない間を含む）',
  },
  unknownScope: 'このページに説明のない権限です。許可する前に、名前から内容をお調べください',

  tools: {
    get_user_profile: 'GitHub プロフィールの取得',
    get_auth_status: 'サインイン状態の取得',
    list_user_emails: 'メールアドレスの一覧',
    list_organizations: 'Organization の一覧',
    list_repositories: 'リポジトリの一覧',
    list_sessions: '全ユーザーのセッションの一覧',
    revoke_session: 'セッションの終了',
    get_session_stats: 'セッションの集計',
  },

  returning: {
    success: 'アクセスを許可しました',
    successLead: 'アプリを開くと完了します。アプリが開いたら、このページは閉じてかまいません。',
    failure: 'アクセスは許可されませんでした',
    failureLead: 'このページは閉じてかまいません。アプリに知らせる場合は、アプリを開いてください。',
    open: 'アプリを開く',
    blocked: 'このページからアプリを開けません。ページを閉じ、アプリに戻ってもう一度接続してください。',
  },

  error: {
    next: '次にすること',
    reference: 'お問い合わせ番号',
    referenceUse: 'サーバーの運営者が原因を調べる手がかりになります。',
    contact: '{operator} に問い合わせる',
    detail: '技術的な詳細',
    signedInAs: '{github} に {login} としてサインインしました。',
    retryAfter: '{time}後にもう一度お試しください。',
    app: 'アプリ名（自己申告）',
    another: '別の {github} アカウントを使う',
    startAgain: '最初からやり直す',
    startAgainStep: 'アプリの要求をもう一度確認して決めるには、最初からやり直してください。',
    back: 'アプリに戻る',
    backTo: 'ボタンを押すと {host} に移動します。そこから来た場合にのみ押してください。',
    readd: 'サーバーを削除して追加し直す方法',
    readdClients: [
      {
        name: 'Claude（ウェブ、デスクトップ）',
        how: '「設定」→「コネクタ」でコネクタを削除し、カスタムコネクタとして追加し直します。',
      },
      {
        name: 'Claude Code',
        how: '`claude mcp remove github-account`（別の名前を付けた場合はその名前）を実行し、もう一度 `claude mcp add …` で追加します。',
      },
      {
        name: 'VS Code',
        how: 'コマンドパレットで `Authentication: Remove Dynamic Authentication Providers` を実行してこのサーバーを選び、サーバーを起動し直します。',
      },
      {
        name: 'Cursor',
        how: '設定の「MCP」でサーバーからログアウトするかサーバーを削除し、Cursor を再起動してから追加し直します。',
      },
      { name: 'ChatGPT', how: '「設定」→「コネクタ」（または「アプリ」）でコネクタを削除し、作成し直します。' },
      {
        name: 'MCP Inspector',
        how: '認証設定で保存済みの OAuth の状態を消去するか、ブラウザーで Inspector のサイトデータを削除して、接続し直します。',
      },
      { name: 'mcp-remote', how: '`rm -rf ~/.mcp-auth` を実行し、mcp-remote を使うプログラムを再起動します。' },
      { name: 'openmcp-client', how: '接続を削除し、新しく作成します。' },
    ],
  },

  errors: {
    unknown_client: {
      title: 'このサーバーに登録のないアプリです',
      what: 'アプリが使っている登録情報が、このサーバーにありません。サーバーが新しく構築された場合や、アプリが長い間使われなかった場合に起こります。',
      next: ['アプリでこのサーバーを削除し、もう一度追加してください。アプリが新しく登録されます。'],
    },
    invalid_client_metadata: {
      title: 'アプリの情報を利用できません',
      what: 'アプリがウェブ上で公開している自身の情報（クライアントメタデータ）の内容が正しくありません。',
      next: ['下の技術的な詳細を添えて、アプリの開発元にお知らせください。'],
    },
    client_unreachable: {
      title: 'アプリの情報を取得できません',
      what: 'アプリがウェブ上で公開している自身の情報（クライアントメタデータ）を、現在取得できません。データは失われていません。',
      next: [
        '少し待ってから、もう一度お試しください。',
        '繰り返し起こる場合は、下の技術的な詳細を添えてアプリの開発元にお知らせください。',
      ],
    },
    invalid_redirect_uri: {
      title: '戻り先のアドレスが一致しません',
      what: '戻り先が、アプリの登録したリダイレクト URI と一致しません。安全のため、処理を中止しました。',
      next: [
        'ご利用のアプリ以外のリンクからこのページに来た場合は、ページを閉じてください。',
        'それ以外の場合は、アプリでこのサーバーを削除し、もう一度追加してください。',
      ],
    },
    invalid_request: {
      title: 'アプリからの要求に応じられません',
      what: 'このページを開いたリクエストに不足や誤りがあるか、このサーバーが対応していない内容が含まれています。',
      next: [
        'アプリに戻り、もう一度接続してください。',
        '繰り返し起こる場合は、アプリを更新するか、下の技術的な詳細を添えてアプリの開発元にお知らせください。',
      ],
    },
    expired_request: {
      title: 'このサインインは終了しています',
      what: 'サインインには制限時間があり、完了できるのは一度だけです。このサインインは、すでに完了しているか、制限時間を過ぎています。今回の操作でアプリに渡されたものはありません。',
      next: [
        'アプリが接続されていない場合は、アプリに戻り、もう一度接続してください。',
        '連携中のアプリのページをご利用の場合は、もう一度サインインしてください。',
      ],
    },
    finished: {
      title: '連携は完了しています',
      what: 'このサインインはすでに完了し、結果がアプリに渡されています。',
      next: [
        'このページを閉じて、アプリに戻ってください。',
        'アプリが接続されていない場合は、アプリでもう一度接続してください。',
      ],
    },
    no_cookies: {
      title: 'Cookie が送信されませんでした',
      what: '他の人がサインインを横取りできないように、Cookie が必要です。ブラウザーがこのサーバーの Cookie を保存していないか、送信しませんでした。何も許可されていません。',
      next: [
        'ブラウザーの設定で、このサーバーの Cookie を許可してください。',
        'その後、アプリに戻ってもう一度接続してください。',
      ],
    },
    other_browser: {
      title: '別のブラウザーで始まったサインインです',
      what: 'このサインインを始めたのとは別のブラウザーで GitHub から戻ってきたか、ブラウザーに Cookie が保存されていません。安全のため、処理を中止しました。',
      next: [
        'アプリに戻り、もう一度接続してください。最初から最後まで同じブラウザーをお使いください。',
        'Cookie をブロックしている場合は、このサーバーの Cookie を許可してください。',
        '他の人からリンクを受け取った場合は、このページを閉じてください。他の人の代わりにサインインしないでください。',
      ],
    },
    forged_form: {
      title: 'フォームを受け付けられませんでした',
      what: 'このフォームは、このブラウザーに表示されたページから送信されたものではないか、ページが古くなっています。何も変更されていません。',
      next: [
        '前のページに戻って再読み込みし、もう一度お試しください。',
        'Cookie をブロックしている場合は、このサーバーの Cookie を許可してください。',
      ],
    },
    not_allowed: {
      title: 'このアカウントではサインインできません',
      what: 'このサーバーを利用できる GitHub アカウントは、運営者が決めています。お使いのアカウントは対象に含まれていません。',
      next: [
        '別の GitHub アカウントをお持ちの場合は、そちらをお使いください。',
        'それ以外の場合は、サーバーの運営者に利用の許可をご依頼ください。',
        'Organization がアプリを制限している場合は、オーナーによる GitHub での承認が必要なことがあります。',
      ],
    },
    github_denied: {
      title: 'GitHub へのアクセスが許可されませんでした',
      what: 'GitHub の画面でキャンセルされたか、許可が取り消されました。何も変更されていません。',
      next: ['意図した操作でない場合は、もう一度サインインしてください。'],
    },
    github_account: {
      title: 'GitHub がこのアカウントを受け付けません',
      what: 'GitHub がこのアカウントでの操作を拒否しました。メールアドレスが未確認であるか、GitHub または所属する Organization によって制限されている可能性があります。',
      next: [
        'GitHub を開き、メインのメールアドレスの確認など、表示されている案内に従ってください。その後、もう一度接続してください。',
        '別の GitHub アカウントをお持ちの場合は、そのアカウントで接続し直してください。',
      ],
    },
    github_suspended: {
      title: 'このサーバーの GitHub アプリが停止されています',
      what: 'このサーバーが使う GitHub アプリが GitHub によって停止されているため、現在は誰もサインインできません。',
      next: ['下のお問い合わせ番号を添えて、サーバーの運営者にお知らせください。'],
    },
    github_unreachable: {
      title: 'GitHub から応答がありません',
      what: 'このサーバーから GitHub に接続できないか、GitHub 側で問題が起きています。連携中のアプリはそのまま維持されます。',
      next: [
        '数分待ってから、もう一度お試しください。',
        '問題が続く場合は、GitHub のステータスページをご確認ください。',
      ],
    },
    github_rate_limited: {
      title: 'GitHub のリクエスト数の上限に達しました',
      what: 'このアカウントのリクエストが多すぎるため、GitHub が一時的に受け付けていません。連携中のアプリはそのまま維持されます。',
      next: ['しばらく待ってから、アプリで接続し直すか、このサイトでもう一度サインインしてください。'],
    },
    github_misconfigured: {
      title: 'サーバーの設定に誤りがあります',
      what: 'このサーバーの認証情報またはアドレスが GitHub に拒否されました。お客様の操作が原因ではありません。',
      next: ['下のお問い合わせ番号を添えて、サーバーの運営者にお知らせください。'],
    },
    too_many_requests: {
      title: 'リクエストが多すぎます',
      what: 'お使いのネットワークから、短い時間に多くのリクエストがありました。',
      next: ['少し待ってから、もう一度お試しください。'],
    },
    unavailable: {
      title: '現在、このサーバーを利用できません',
      what: 'サーバーが必要とする機能の一部から応答がありません。データは失われていません。',
      next: ['少し待ってから、もう一度お試しください。'],
    },
    not_found: {
      title: 'ページが見つかりません',
      what: 'このアドレスは、このサーバーにありません。',
      next: ['アドレスを確認するか、ページ上部のサーバー名からトップページに移動してください。'],
    },
    internal: {
      title: '問題が発生しました',
      what: 'サーバー内部でエラーが発生しました。お客様の操作が原因ではありません。',
      next: [
        'もう一度お試しください。',
        '繰り返し起こる場合は、下のお問い合わせ番号を添えてサーバーの運営者にお知らせください。',
      ],
    },
  },

  landing: {
    title: 'MCP クライアントから GitHub を使う',
    behindTitle: 'MCP クライアントから {title} を使う',
    behindLead:
      '{server} への入り口となるサーバーです。{github} でサインインすると、ChatGPT、Claude、VS Code、Cursor などの AI ツールから利用できます。',
    lead: 'ChatGPT、Claude、VS Code、Cursor などの AI ツールから、あなたの GitHub アカウントを操作できるようにするサーバーです。ツールが使えるのは、あなたが許可した権限だけです。',
    inBrowser:
      'MCP サーバーのアドレスをブラウザーで開いています。このアドレスは MCP クライアント用です。下の方法でクライアントに設定してください。',
    frontPage: 'トップページ',
    audience:
      'GitHub アカウントと、Model Context Protocol（MCP）に対応したクライアントがあれば、どなたでもご利用いただけます。インストールやトークンのコピーは不要です。',
    simulated: 'デモ',
    simulatedNote:
      'GitHub はシミュレーションです。実際のアカウントには影響しません。停止するとデータはすべて消えるため、次に起動したときはサインインし直してください。',
    address: 'このサーバーの URL',
    addressHint: 'クリックすると全体が選択されます。',
    sse: '従来のクライアント向け（HTTP+SSE）：`{url}`',
    how: '仕組み',
    steps: [
      '上の URL をクライアントに設定します。',
      'ブラウザーでこのサーバーが開き、どのアプリが何を求めているかが表示されます。',
      '{github} でサインインすると、このサーバーでのみ有効なトークンがクライアントに渡されます。',
    ],
    tokenStays: 'GitHub のトークンがこのサーバーの外に出ることはありません。',
    tokenPasses:
      'GitHub のトークンがクライアントに渡ることはありません。サーバーに渡されるのは、このページにその旨の記載がある場合だけです。',
    others: 'ほかの MCP サーバー',
    othersLead: 'それぞれに専用の URL があり、アクセスの許可もサーバーごとに行います。',
    connect: 'クライアントを接続する',
    orFile: 'または、`{file}` に次の内容を書きます。',
    publicOnly:
      '{client} はクラウド上で動作するため、このコンピューターでしか応答しないこのサーバーには接続できません。公開された https の URL が必要です。',
    clients: {
      claude: {
        name: 'Claude（ウェブ、デスクトップ）',
        steps: [
          '「設定」→「コネクタ」→「カスタムコネクタを追加」を開きます。',
          '名前と次の URL を入力して追加し、「連携」を選びます。',
        ],
      },
      claudeCode: {
        name: 'Claude Code',
        steps: ['次のコマンドを実行し、Claude Code の `/mcp` で Authenticate を選びます。'],
      },
      vscode: { name: 'VS Code', steps: [], install: 'VS Code にインストール' },
      cursor: { name: 'Cursor', steps: [], install: 'Cursor にインストール' },
      chatgpt: {
        name: 'ChatGPT',
        steps: [
          '「設定」→「コネクタ」（または「アプリ」）→「高度な設定」で、開発者モードをオンにします。',
          '「設定」→「コネクタ」（または「アプリ」）で「作成」を選び、次の URL を入力して、認証に OAuth を選びます。',
        ],
      },
      inspector: {
        name: 'MCP Inspector',
        steps: ['次のコマンドを実行し、開いたページで接続のスイッチをオンにします。'],
      },
      openmcp: {
        name: 'openmcp-client',
        steps: ['新しい接続を作成し、Streamable HTTP または SSE を選んで URL を入力します。'],
        httpSteps: ['新しい接続を作成し、Streamable HTTP を選んで次の URL を入力します。'],
        http: 'Streamable HTTP',
        sse: 'SSE',
      },
      mcpRemote: {
        name: 'mcp-remote',
        steps: ['ローカルのプログラムしか起動できないクライアント向けです。'],
        config: 'そのようなクライアントの設定ファイルには、次のように書きます。',
      },
    },
    tools: 'ツール',
    toolsLead: '接続したクライアントが呼び出せるツールと、それぞれに必要な GitHub の権限です。',
  },

  account: {
    title: '連携中のアプリ',
    signInLead:
      '{github} でサインインすると、このサーバーを通じてあなたのアカウントと連携しているアプリを確認し、連携を解除できます。',
    signIn: '{github} でサインイン',
    signOut: 'サインアウト',
    signedInAs: '{login} としてサインイン中',
    none: '連携中のアプリはありません。',
    noneHint: 'アプリを接続する方法',
    host: '戻り先',
    resource: 'アクセス先のサーバー',
    hasToken: 'GitHub トークンの受け取り先',
    scopes: '許可されている操作',
    noScopes: '本人情報の確認のみ',
    firstUsed: '連携した日時',
    lastUsed: '最後に使われた日時',
    expires: '未使用時の有効期限',
    disconnect: '連携を解除',
    disconnectAll: 'すべてのアプリの連携を解除…',
    disconnectAllLead: 'すべてのアプリが直ちにアクセスできなくなります。もう一度使うには、接続し直してください。',
    disconnectAllConfirm: 'すべて解除する',
    github:
      'このサーバーへの許可は {github} でも取り消せます。取り消すと、このサーバーでのあなたの連携はすべて終了します。',
    githubLink: 'GitHub の設定を開く',
    admin: '全ユーザーの連携中のアプリ',
    ended: '「{name}」の連携を解除しました。',
    notices: {
      disconnected: 'アプリの連携を解除しました。',
      disconnected_all: 'すべてのアプリの連携を解除しました。',
      signed_out: 'サインアウトしました。アプリの連携はそのまま維持されます。',
    },
  },

  admin: {
    title: '全ユーザーの連携中のアプリ',
    lead: 'あなたはこのサーバーの管理者であるため、このページが表示されています。',
    counts: 'ユーザー約 {people} 人、連携約 {sessions} 件（1 時間以内に終了したものを含む場合があります）。',
    query: 'GitHub のユーザー名の先頭部分で検索',
    queryHint: '{id} で GitHub アカウント、{client} でアプリやサーバーを検索できます。',
    sort: '並び順',
    sorts: { login: 'ユーザー名', created: '連携が新しい順', 'last-used': '最近使われた順' },
    hasToken: 'GitHub トークンの受け取り先',
    search: '検索',
    results: 'ユーザー',
    none: 'アプリと連携しているユーザーはいません。',
    noneBlocked: 'ブロック中のユーザーはいません。',
    noneFound: '「{query}」に一致する、アプリと連携中のユーザーはいません。',
    id: 'ID {id}',
    unknownLogin: 'GitHub アカウント',
    endAll: 'このユーザーのすべてのアプリの連携を解除…',
    endAllLead: 'このユーザーのすべてのアプリが直ちにアクセスできなくなります。ユーザーは再び連携できます。',
    endAllConfirm: 'すべて解除する',
    block: 'このユーザーをブロック…',
    blockLead:
      'このユーザーのすべてのアプリが直ちにアクセスできなくなり、ブロックを解除するまで再び連携することはできません。',
    blockConfirm: 'ブロックする',
    reason: '理由（任意、管理者だけに表示されます）',
    blocked: 'ブロック中',
    unblock: 'ブロックを解除',
    blockedPeople: 'ブロック中のユーザー',
    everybody: '全ユーザーの連携中のアプリ',
    next: '次のページ',
    back: '自分の連携中のアプリ',
    notices: {
      disconnected: 'アプリの連携を解除しました。',
      ended_all: 'このユーザーのすべてのアプリの連携を解除しました。',
      blocked: 'ユーザーをブロックしました。',
      unblocked: 'ユーザーのブロックを解除しました。',
      not_yourself: '自分自身をブロックすることはできません。',
    },
  },
};
