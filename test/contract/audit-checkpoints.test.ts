import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditCheckpoint } from '#contract/audit-log';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf } from '#test/kit/core';
import { until } from '#test/kit/wait';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer({ clock: new Date('2026-05-04T08:00:00Z') });
});
afterAll(async () => {
  await cardea.stop();
});

it('what the server has signed of the audit log can be checked by anybody who reads it', async () => {
  await create(cardea, '/collections');
  // The log is signed soon after a start.
  cardea.clock?.advance(60_000);
  const checkpoint = await until(
    async () => {
      const { json } = await cardea.ask('GET', '/audit_log/checkpoints');
      return (json as { items: AuditCheckpoint[] }).items[0];
    },
    { what: 'a checkpoint is signed', timeoutMs: 60_000 },
  );
  const { at, erases, hash, number, tenant_id, signature, public_key } = checkpoint;
  expect(tenant_id).toBe(cardea.tenant.tenantId);
  const key = createPublicKey({
    key: Buffer.from(public_key, 'base64'),
    format: 'der',
    type: 'spki',
  });
  const isSigned = (said: object): boolean =>
    verify(null, Buffer.from(JSON.stringify(said)), key, Buffer.from(signature, 'base64'));
  // In the order of RFC 8785.
  const said = { at, erases, hash, number, tenant_id };
  expect(isSigned(said)).toBe(true);
  expect(isSigned({ ...said, hash: '0'.repeat(64) })).toBe(false);
  const [record] = await itemsOf(cardea, `/audit_log?$filter=number eq ${number}`);
  expect(record?.['hash']).toBe(hash);
}, 120_000);
