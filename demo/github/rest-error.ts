/** An error answer of the REST API: `{message, documentation_url, status}`, with its HTTP status. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly documentationUrl: string;
  readonly errors: readonly FieldError[];

  constructor(
    status: number,
    message: string,
    { documentationUrl = 'https://docs.github.com/rest', headers = {}, errors = [] }: RestErrorDetails = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.documentationUrl = documentationUrl;
    this.errors = errors;
  }

  toJSON(): Record<string, unknown> {
    const { message, documentationUrl, errors, status } = this;
    const details = errors.length === 0 ? {} : { errors };
    return { message, ...details, documentation_url: documentationUrl, status: String(status) };
  }
}

/** What is wrong with a field, in an answer of status 422. */
interface FieldError {
  resource: string;
  field: string;
  code: 'missing_field' | 'invalid';
}

interface RestErrorDetails {
  errors?: readonly FieldError[];
  documentationUrl?: string;
  headers?: Record<string, string>;
}
