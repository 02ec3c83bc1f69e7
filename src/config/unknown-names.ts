/**
 * Names in the environment that are no settings but look like ours: a misspelled ALLOWED_GITHUB_USERS would otherwise let
 * everybody in. Other software shares the environment, so a name must be very close to a setting, or begin as only ours do.
 */

/** A name that begins so is meant for this project. MCP_GITHUB_ alone is not enough: other software has MCP_GITHUB_TOKEN. */
const OURS = /^(?:ALLOWED_GITHUB_|ALLOWED_REDIRECT_|ADMIN_GITHUB_|MCP_GITHUB_(?:BRIDGE|CLIENT|GITHUB)_|BRIDGE_)/;
/** What people put before the name of a setting that has no prefix: BRIDGE_PUBLIC_URL. */
const ADDED = /^(?:MCP_GITHUB_(?:BRIDGE_)?|BRIDGE_)/;

/**
 * Names that would match, but belong to others: the port of docker-compose.yml, the page of a GitHub App, and what
 * Kubernetes and Docker set for each service (a service named "bridge" gives BRIDGE_SERVICE_HOST, BRIDGE_PORT_8000_TCP, …).
 */
const FOREIGN = [
  /^BRIDGE_PORT$/,
  /^GITHUB_APP_URL$/,
  /_SERVICE_(?:HOST|PORT(?:_\w+)?)$/,
  /_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/,
];

/** Letters: shorter settings (HOST, PORT) are too close to ordinary words. */
const SHORTEST = 6;

/**
 * The name that was probably meant; undefined when the name is right, or has nothing to do with us.
 * @param names all names that are read
 */
export function intendedName(name: string, names: readonly string[]): string | undefined {
  if (names.includes(name) || FOREIGN.some((pattern) => pattern.test(name))) return undefined;
  const rest = name.replace(ADDED, '');
  const alike = names.filter(
    (each) => (each.length >= SHORTEST && isMisspelling(name, each)) || (rest !== name && isMisspelling(rest, each)),
  );
  if (alike.length > 0) return nearest(name, alike);

  const prefix = OURS.exec(name)?.[0];
  if (prefix === undefined) return undefined;
  const related = names.filter((each) => each.startsWith(prefix) && each.endsWith('_FILE') === name.endsWith('_FILE'));
  return nearest(name, related.length > 0 ? related : names);
}

/** Whether two names differ only in case, underscores, plurals and the order of words, but for an edit in each of two words. */
function isMisspelling(name: string, right: string): boolean {
  if (lettersOf(name) === lettersOf(right)) return true;
  const [words, rightWords] = [wordsOf(name), wordsOf(right)];
  if (words.length !== rightWords.length) return false;
  return areClose(words, rightWords) || areClose(words.toSorted(), rightWords.toSorted());
}

function areClose(words: readonly string[], rightWords: readonly string[]): boolean {
  const edits = words.map((word, index) => distance(word, rightWords[index] ?? ''));
  return edits.every((each) => each <= 1) && edits.reduce((sum, each) => sum + each, 0) <= 2;
}

function lettersOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z\d]/g, '');
}

/** The words of a name in upper case and singular, with URL for URI. */
function wordsOf(name: string): string[] {
  const words = name.toUpperCase().match(/[A-Z\d]+/g) ?? [];
  return words.map((word) =>
    word
      .replace(/IES$/, 'Y')
      .replace(/(?<!S)S$/, '')
      .replace(/^URI$/, 'URL'),
  );
}

/** The first of the names with the fewest edits. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const edits = new Map(names.map((each) => [each, distance(name.toUpperCase(), each)]));
  return names.toSorted((a, b) => (edits.get(a) ?? 0) - (edits.get(b) ?? 0))[0];
}

/** Edits that make one text of the other: a character added, removed or replaced, or two neighbours swapped. */
function distance(from: string, to: string): number {
  // rows[i][j] is the distance of the first i characters of one from the first j of the other.
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? at(i - 2, j - 2) + 1 : replaced;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(from.length, to.length);
}
