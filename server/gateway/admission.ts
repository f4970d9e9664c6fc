/** Who may connect: a hub with the credential of its claim, or with its activation code while it belongs to nobody. */
import type { HubId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import {
  findFactoryHub,
  registerFactoryHub,
  registerStatements,
  type FactoryHub,
} from '#server/store/factory-hubs';
import type { Database } from '#server/store/pool';
import { hashHubSecret, isSameHash, macOfCode, readActivationCode } from './activation-code.ts';
import type { HubIdentity } from './handlers.ts';

export type Admission = Pick<HubIdentity, 'provenBy'>;

export type AdmissionRequest = {
  readonly hubId: HubId;
  readonly password: string;
  readonly remote: string;
};

/** The check of every connection; a refusal is logged with its reason, never with what was shown. */
export function createAdmission({
  database,
  clock,
  log,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): (request: AdmissionRequest) => Promise<Admission | undefined> {
  const statements = registerStatements(database);

  async function decide({ hubId, password }: AdmissionRequest): Promise<Admission | string> {
    const hub = await findFactoryHub(statements, hubId);
    const code = readActivationCode(password);
    if (code === undefined)
      return isCredentialOf(hub, password) ? { provenBy: 'credential' } : 'wrong credential';
    const codeHash = hashHubSecret(code);
    if (hub !== undefined) {
      return isSameHash(hub.codeHash, codeHash) ? { provenBy: 'code' } : 'wrong activation code';
    }
    const mac = macOfCode(code);
    const isEntered = await registerFactoryHub(statements, {
      hubId,
      codeHash,
      mac,
      now: clock.now(),
    });
    return isEntered ? { provenBy: 'code' } : 'the code belongs to a claimed hub of another id';
  }

  return async (request) => {
    const decision = await decide(request);
    if (typeof decision !== 'string') return decision;
    const { hubId, remote } = request;
    log.warn({ hubId, remote, reason: decision }, 'a hub was not let in');
    return undefined;
  };
}

function isCredentialOf(hub: FactoryHub | undefined, password: string): boolean {
  const hash = hashHubSecret(password);
  // Compared even when there is nothing to compare with: the time must not tell which hubs exist.
  const isSame = isSameHash(hub?.credentialHash ?? hash, hash);
  return isSame && typeof hub?.credentialHash === 'string';
}
