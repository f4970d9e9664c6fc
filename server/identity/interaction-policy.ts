/** When somebody has to prove who they are before an authorisation request is answered (identity.md 7). */
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Clock } from '#server/runtime/clock';

const { Check, Prompt } = interactionPolicy;

/** What satisfies `acr_values=mfa`. */
const strongProofs: readonly string[] = ['mfa', 'passkey'];

export function createInteractionPolicy(clock: Clock): interactionPolicy.Prompt[] {
  const isTooOld = ({ oidc }: KoaContextWithOIDC): boolean => {
    const maxAge = oidc.params?.['demanded_max_age'];
    if (maxAge === undefined || hasJustProven(oidc.result)) return false;
    const provenAt = oidc.session?.authTime() ?? 0;
    return clock.now().getTime() / 1000 - provenAt >= Number(maxAge);
  };

  const login = new Prompt(
    { name: 'login', requestable: true },
    new Check(
      'no_session',
      'nobody is signed in',
      (ctx) => ctx.oidc.session?.accountId === undefined,
    ),
    new Check('max_age', 'the sign-in is too long ago', isTooOld),
    new Check('mfa', 'a second factor is required', ({ oidc }) => {
      const demanded = textOf(oidc.params?.['demanded_acr']).split(' ');
      const given = oidc.session?.amr ?? [];
      return demanded.includes('mfa') && !given.some((proof) => strongProofs.includes(proof));
    }),
    new Check('id_token_hint', 'somebody else is signed in', ({ oidc }) => {
      const hint = oidc.entities.IdTokenHint as
        { readonly payload: { readonly sub?: unknown } } | undefined;
      return hint !== undefined && hint.payload.sub !== oidc.session?.accountId;
    }),
  );
  const selectAccount = new Prompt({ name: 'select_account', requestable: true });
  return [login, selectAccount];
}

function hasJustProven(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'login' in result;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
