/** Routes of whoever runs the installation: vouchers, clients, accounts; below `/ext/v1`, of no site. */
import type { TObject } from 'typebox';
import type { LoginId } from '#contract/ids';
import type { Operators } from '#server/domain/operators';
import type { BodyMode } from '#server/http/body';
import { route, type BodyOf, type Call, type Route } from '#server/http/route';
import { TokenError } from '#server/http/token';

/** The operator at work. */
export type AtInstallation = { readonly loginId: LoginId };

type Definition<S extends TObject, M extends BodyMode> = Omit<
  Parameters<typeof route<S, M>>[0],
  'access' | 'exists' | 'handle'
> & {
  readonly exists?: (at: AtInstallation, call: Call) => Promise<unknown>;
  readonly handle: (at: AtInstallation, call: Call, body: BodyOf<S, M>) => Promise<unknown>;
};

export type OperatorRoute = <S extends TObject, M extends BodyMode>(
  definition: Definition<S, M>,
) => Route;

/** Makes routes for operators: an empty 403 (TokenError) for everybody else, before ids of the path and the body. */
export function createOperatorRoute({
  operators,
}: {
  readonly operators: Operators;
}): OperatorRoute {
  async function enter(call: Call): Promise<AtInstallation> {
    const { subject } = call.caller;
    if (subject === undefined || !(await operators.isOperator(subject)))
      throw new TokenError(403, '');
    return { loginId: subject };
  }

  return ({ exists, handle, ...rest }) =>
    route({
      ...rest,
      access: 'write',
      exists: async (call) => {
        const at = await enter(call);
        await exists?.(at, call);
      },
      // `exists` has let the caller in.
      handle: (call, body) => handle({ loginId: call.caller.subject as LoginId }, call, body),
    });
}
