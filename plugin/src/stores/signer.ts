/** One request before it is sent. */
export interface UnsignedRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Lower-case names; `range`, `if-match` and the like. */
  readonly headers: Readonly<Record<string, string>>;
  /** What a PUT sends. */
  readonly body?: Uint8Array;
}

/** What a signer adds: headers, or another address in place of the request's (a presigned one). */
export interface SignedRequest {
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Gives every single request what makes the server accept it: a signature, a token. Asked again before every try, so that
 * what expires is renewed; what it gives is sent and forgotten, never stored or shown.
 */
export type Signer = (request: UnsignedRequest) => SignedRequest | Promise<SignedRequest>;
