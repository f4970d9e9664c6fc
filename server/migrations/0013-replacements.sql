-- Hardware that takes the place of other hardware (behaviour.md 4.6 to 4.8). An older process may keep running beside this: it
-- moves nothing, and gives out the codes of hardware that nobody has reset yet.

alter table iqs
  -- Since when this IQ takes another's place or is about to lose its own; null = neither, or the hub holds its table.
  add column replacing_since timestamptz,
  -- Whose place it takes once its hub has accepted the claim, and who asked for it: Replaced of store/iq-replacements.ts.
  add column replaces jsonb;

-- Codes of locks that were taken away without the hardware's word: it still believes in its hub until somebody resets it.
create table retired_codes (
  tenant_id uuid not null references tenants,
  code text not null,
  retired_at timestamptz not null,
  primary key (tenant_id, code)
);
create index retired_codes_code on retired_codes (code);

-- What IQs were called when they were deleted or replaced: their hubs may still have events to tell (behaviour.md 9).
create table gone_iqs (
  tenant_id uuid not null references tenants,
  id uuid not null,
  mac text not null,
  customer_reference text,
  revision text,
  collection_id uuid,
  time_zone text not null,
  gone_at timestamptz not null,
  primary key (tenant_id, id)
);
