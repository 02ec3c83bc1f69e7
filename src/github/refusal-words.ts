/** GitHub's reason for a refusal, from the document of its answer, in words for a person. */
import { z } from 'zod';

const text = z.string().min(1);
const fieldError = z.object({
  resource: text.optional().catch(undefined),
  field: text.optional().catch(undefined),
  code: text.optional().catch(undefined),
  message: text.optional().catch(undefined),
});
const document = z.object({
  message: text,
  errors: z
    .union([text.transform((error) => [error]), z.array(z.union([text, fieldError]))])
    .catch([])
    .default([]),
});

/** What the codes of `errors[]` say of a field. */
const CODES: Readonly<Record<string, string>> = {
  missing: 'does not exist',
  missing_field: 'is missing',
  invalid: 'is not valid',
  already_exists: 'exists already',
  unprocessable: 'cannot be used',
};

/**
 * The reason in an error document of the REST API: its message, and its `errors[]`.
 * @returns undefined when the answer is another document
 * @see https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
 */
export function refusalWords(body: unknown): string | undefined {
  const { data } = document.safeParse(body);
  if (data === undefined) return undefined;
  const details = data.errors.map((error) => (typeof error === 'string' ? error : fieldWords(error)));
  // errorText() of the MCP server, and whoever shows this, ends the sentence.
  return [data.message.replace(/\.$/, ''), ...(details.length === 0 ? [] : [details.join('; ')])].join(': ');
}

function fieldWords({ resource, field, code, message }: z.infer<typeof fieldError>): string {
  if (message !== undefined) return message;
  const what = [resource, field].filter((name) => name !== undefined).join('.') || 'something';
  return `${what} ${(code === undefined ? undefined : CODES[code]) ?? code ?? 'is not valid'}`;
}

const graphqlErrors = z.object({
  errors: z.array(z.object({ message: text, type: text.optional().catch(undefined) })).min(1),
});

/** The errors in an answer of the GraphQL API, whose status is 200; undefined when there are none. */
export function graphqlRefusal(
  body: unknown,
): { readonly words: string; readonly types: readonly string[] } | undefined {
  const { data } = graphqlErrors.safeParse(body);
  if (data === undefined) return undefined;
  return {
    words: data.errors.map(({ message }) => message.replace(/\.$/, '')).join('; '),
    types: data.errors.flatMap(({ type }) => type ?? []),
  };
}
