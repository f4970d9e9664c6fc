/**
 * What clients send to the authorisation endpoint, made strict: the members of identity.md 7 and nothing else go on to the
 * library. Two go under names of our own, since the library holds them back from requests without `openid`, where they
 * demand as much of the person as anywhere else.
 */

const plainMembers: readonly string[] = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'login_hint',
  'ui_locales',
  // Not offered, and said so by the library.
  'request',
  'request_uri',
];

/** What the library takes beside a scope of `openid` only; without it they mean nothing. */
const membersOfOpenid: readonly string[] = ['nonce', 'id_token_hint'];

/** Our own names, known to the library as extra parameters. */
export const demandNames = {
  max_age: 'demanded_max_age',
  acr_values: 'demanded_acr',
  /** A mode that is not offered here, though the library would answer in it. */
  response_mode: 'demanded_response_mode',
  /** All that was asked for; from `scope` the library takes `offline_access` away unless somebody consents on a page. */
  scope: 'demanded_scope',
} as const;

const demands: ReadonlyMap<string, string> = new Map(Object.entries(demandNames));

/** How an answer may travel; every other fault goes back in the query (identity.md 7). */
export const responseModes: readonly string[] = ['query', 'form_post'];

/** The query for the library; a member that is sent twice goes on twice, so that it is refused there. */
export function readAuthorizeRequest(sent: URLSearchParams): URLSearchParams {
  const strict = new URLSearchParams();
  const hasOpenid = (sent.get('scope') ?? '').split(/\s+/).includes('openid');
  for (const [name, value] of sent) {
    // An empty member counts as one that was not sent (RFC 6749 section 3.1).
    if (value === '') continue;
    const isOfferedMode = name === 'response_mode' && responseModes.includes(value);
    if (plainMembers.includes(name) || isOfferedMode) strict.append(name, tidy(name, value));
    if (membersOfOpenid.includes(name) && hasOpenid) strict.append(name, value);
    if (name === 'prompt') appendPrompt(strict, value);
    const demand = isOfferedMode ? undefined : demands.get(name);
    if (demand !== undefined) strict.append(demand, value);
  }
  return strict;
}

/**
 * The library wants single blanks between scopes, and answers types that name a token in the fragment, where a client
 * that knows only the query never looks.
 */
function tidy(name: string, value: string): string {
  if (name === 'response_type' && value !== 'code') return 'unsupported';
  return name === 'scope' ? value.trim().replaceAll(/\s+/g, ' ') : value;
}

/** There is no consent page, so whoever asks for it is served without (identity.md 7). */
function appendPrompt(strict: URLSearchParams, value: string): void {
  const prompts = value.split(/\s+/).filter((prompt) => prompt !== '' && prompt !== 'consent');
  if (prompts.length > 0) strict.append('prompt', prompts.join(' '));
}
