/** What stands in the way when an IQ is deleted, replaced or emptied, and what waits for it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IqId } from '#contract/ids';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, refusal } from '#test/kit/core';
import { insertIq, insertLock } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const place = () => ({ database: cardea.database, tenant: cardea.tenant });

/** An update that is with the hardware. */
async function runUpdate(hardware: { iq_id?: string; lock_id?: string }): Promise<void> {
  await cardea.database.pool.query(
    `insert into firmware_updates (tenant_id, iq_id, lock_id, component, model, current_version, version, published_at,
       firmware, file, state, phase)
     values ($1, $2, $3, 'firmware', 'Lock A', '1.0.0', '1.1.0', now(), '{}', 'absent', 'running', 'active')`,
    [cardea.tenant.tenantId, hardware.iq_id ?? null, hardware.lock_id ?? null],
  );
}

async function freeHub(): Promise<string> {
  const code = randomBytes(13).toString('hex').toUpperCase();
  await cardea.database.pool.query(
    `insert into factory_hubs (hub_id, code_hash, mac, first_contact_at)
     values (gen_random_uuid(), encode(sha256(convert_to($1, 'UTF8')), 'hex'), '03.E4.AD', now())`,
    [code],
  );
  return code;
}

async function replace(iq: IqId): Promise<Answer> {
  const body = { activation_code: await freeHub() };
  return cardea.ask('POST', `/iqs/${iq}/replace`, { body });
}

describe('an IQ under update', () => {
  it('is not replaced, nor is one whose lock is being updated', async () => {
    const [busy, idle] = [await insertIq(place()), await insertIq(place())];
    await runUpdate({ iq_id: busy });
    const lock = await insertLock(place(), { iq_id: idle, iq_link_state: 'attached' });
    await runUpdate({ lock_id: lock });
    expect(refusal(await replace(busy))).toBe('403 3103');
    expect(refusal(await replace(idle))).toBe('403 3103');
    expect((await cardea.ask('GET', `/iqs/${busy}`)).status).toBe(200);
    await cardea.database.pool.query(`update firmware_updates set state = 'failed', phase = null`);
    // The hub of the code is nobody's: it does not answer, which is another refusal.
    expect(refusal(await replace(idle))).toBe('400 2208');
  }, 120_000);

  it('is not deleted', async () => {
    const iq = await insertIq(place());
    await runUpdate({ iq_id: iq });
    expect(refusal(await cardea.ask('DELETE', `/iqs/${iq}`))).toBe('400 2209');
  });
});

describe('the content of an IQ', () => {
  const move = (source: IqId, target: IqId) =>
    cardea.ask('POST', '/migrations', {
      body: { kind: 'iq_content', source_iq_id: source, target_iq_id: target },
    });

  it('goes to no IQ that is offline', async () => {
    const [source, target] = [await insertIq(place()), await insertIq(place())];
    const answer = await move(source, target);
    expect(refusal(answer)).toBe('400 2223');
    expect(answer.text).toContain('iq_offline:');
  });

  it('is moved whole or not at all while the IQ is being deleted', async () => {
    for (let round = 0; round < 6; round += 1) {
      const source = await insertIq(place());
      const target = await insertIq(place(), { online: true });
      const lock = await insertLock(place(), { iq_id: source, iq_link_state: 'attached' });
      await cardea.database.pool.query('update locks set tree_position = 1 where id = $1', [lock]);
      const [moved, deleted] = await Promise.all([
        move(source, target),
        cardea.ask('DELETE', `/iqs/${source}`),
      ]);
      expect([moved.status, moved.text]).toEqual([200, expect.any(String)]);
      // Before it the lock is in the way; after it nothing is.
      expect(['204 no code', '400 2209']).toContain(refusal(deleted));
      const { json } = await cardea.ask('GET', `/iqs/${target}/tree`);
      expect(json).toHaveLength(1);
    }
  });
});

describe('a collection that is handed over', () => {
  it('is not opened by a token whose 24 h are over', async () => {
    const receiver = await cardea.addTenant('Receiver');
    const { id } = await create(cardea, '/collections');
    const given = await cardea.ask('POST', `/collections/${id}/transfer_token`);
    const { token: transfer } = given.json as { token: string };
    await cardea.database.pool.query(
      `update transfer_tokens set expires_at = expires_at - interval '24 hours' where collection_id = $1`,
      [id],
    );
    const answer = await cardea.ask('POST', '/migrations', {
      body: { kind: 'site_transfer', transfer_token: transfer },
      token: await cardea.token('core_api.full', receiver),
    });
    expect(refusal(answer)).toBe('400 2223');
    expect(answer.text).toContain('token:');
  });
});

describe('the former tenant certificate', () => {
  it('is trusted no longer once the last IQ without the new one is deleted', async () => {
    const tenant = await cardea.addTenant('Certified');
    const token = await cardea.token('hardware_api', tenant);
    const gone = await insertIq({ database: cardea.database, tenant });
    const rotate = async () => {
      const answer = await cardea.ask('POST', '/tenant/certificate', { token });
      expect(answer.status).toBe(200);
    };
    await rotate();
    await rotate();
    const trusted = async () => {
      const { rows } = await cardea.database.pool.query<{ version: number }>(
        `select version from tenant_keys where tenant_id = $1 and purpose = 'certificate' and retired_at is null
         order by version`,
        [tenant.tenantId],
      );
      return rows.map(({ version }) => version);
    };
    expect(await trusted()).toEqual([1, 2]);
    expect((await cardea.ask('DELETE', `/iqs/${gone}`, { token })).status).toBe(204);
    expect(await trusted()).toEqual([2]);
  });
});
