-- What the operator allows a collection (behaviour.md 15); null = as many as wanted. An older process may keep running beside
-- this: it asks for no limit.
alter table collections
  -- How many accessors may have a setting there that is not suspended.
  add column user_amount integer check (user_amount >= 0),
  add column iq_amount integer check (iq_amount >= 0);
