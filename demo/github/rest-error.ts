/** An error answer of the REST API: `{message, documentation_url, status}`, with its HTTP status. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly documentationUrl: string;

  constructor(
    status: number,
    message: string,
    { documentationUrl = 'https://docs.github.com/rest', headers = {} }: RestErrorDetails = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.documentationUrl = documentationUrl;
  }

  toJSON(): Record<string, string> {
    return { message: this.message, documentation_url: this.documentationUrl, status: String(this.status) };
  }
}

interface RestErrorDetails {
  documentationUrl?: string;
  headers?: Record<string, string>;
}
