/**
 * What clients send to the token endpoint, made strict. Section 3 of identity.md tolerates more than the library does, so
 * a request is read here and handed on in one clean form.
 */

/** The fields that mean something; all others are ignored, so that nobody reaches a feature that is not offered. */
const knownFields = [
  'grant_type',
  'client_id',
  'client_secret',
  'scope',
  'username',
  'password',
  'code',
  'redirect_uri',
  'code_verifier',
  'refresh_token',
  'access_code',
  // Of revocation and introspection.
  'token',
  'token_type_hint',
] as const;

export type TokenFields = Readonly<Partial<Record<(typeof knownFields)[number], string>>>;

/** An id and secret to try; a public client sends an empty secret or none. */
export type Credentials = { readonly clientId: string; readonly secret: string | undefined };

export type TokenRequest = {
  readonly fields: TokenFields;
  /** In the order in which they are tried; none when nothing names a client. */
  readonly credentials: readonly Credentials[];
};

export type TokenRequestFault = {
  readonly error: 'invalid_request' | 'invalid_client';
  readonly description?: string;
};

/** Reads a token request; a fault is what the client did wrong, in the words of section 8. */
export function readTokenRequest(request: {
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}): TokenRequest | TokenRequestFault {
  if (!isForm(request.contentType)) {
    return invalidRequest('the body must be application/x-www-form-urlencoded');
  }
  const fields = readForm(request.body.toString('latin1'));
  if ('error' in fields) return fields;
  const basic = readBasic(request.authorization);
  if (basic === undefined) return { fields, credentials: ofForm(fields) };
  if (basic.length === 0) return { error: 'invalid_client' };
  const credentials = basic.filter((pair) => agrees(fields, pair));
  if (credentials.length === 0) {
    return invalidRequest('the header and the body name different clients');
  }
  return { fields, credentials };
}

function invalidRequest(description: string): TokenRequestFault {
  return { error: 'invalid_request', description };
}

/** No content type at all is taken for a form: there is nothing else it could be. */
function isForm(contentType: string | undefined): boolean {
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  return mediaType === '' || mediaType === 'application/x-www-form-urlencoded';
}

/** `body` holds one character per byte. */
function readForm(body: string): TokenFields | TokenRequestFault {
  const fields = new Map<string, string>();
  for (const part of body.split('&')) {
    const [, rawName = '', rawValue = ''] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    const name = decodeForm(rawName);
    if (!knownFields.some((known) => known === name)) continue;
    if (fields.has(name)) return invalidRequest(`${name} must not be sent twice`);
    fields.set(name, decodeForm(rawValue));
  }
  const username = fields.get('username');
  // No address holds a blank: it was a plus that nobody encoded (identity.md 3).
  if (username !== undefined) fields.set('username', username.replaceAll(' ', '+'));
  const scope = fields.get('scope');
  // The library wants single blanks between scopes.
  if (scope !== undefined) fields.set('scope', scope.trim().replaceAll(/\s+/g, ' '));
  // An empty field counts as one that was not sent (RFC 6749 section 3.2).
  return Object.fromEntries([...fields].filter(([, value]) => value !== ''));
}

/** Form decoding byte by byte; a broken `%` is read literally (identity.md 3). */
export function decodeForm(text: string): string {
  const bytes = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_match, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function ofForm(fields: TokenFields): Credentials[] {
  return fields.client_id === undefined
    ? []
    : [{ clientId: fields.client_id, secret: fields.client_secret }];
}

/**
 * The pairs of an HTTP Basic header: as it stands, then form-decoded, since both kinds of client exist (identity.md 2).
 * Undefined without such a header: another scheme is nothing this endpoint asked for. Empty when it is garbled.
 */
function readBasic(authorization: string | undefined): Credentials[] | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return /^basic\b/i.test(authorization ?? '') ? [] : undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) return [];
  const [id, secret] = [pair.slice(0, colon), pair.slice(colon + 1)];
  const asItStands = { clientId: id, secret: secret === '' ? undefined : secret };
  const decoded = {
    clientId: decodeForm(Buffer.from(id).toString('latin1')),
    secret: secret === '' ? undefined : decodeForm(Buffer.from(secret).toString('latin1')),
  };
  const isSame = decoded.clientId === id && decoded.secret === asItStands.secret;
  return isSame ? [asItStands] : [asItStands, decoded];
}

/** Some clients send the pair in both places; that is fine as long as it is the same. */
function agrees(fields: TokenFields, pair: Credentials): boolean {
  return (
    (fields.client_id === undefined || fields.client_id === pair.clientId) &&
    (fields.client_secret === undefined || fields.client_secret === pair.secret)
  );
}
