import { expect, test } from 'vitest';
import { type Account, chooseAccount } from './postgres-account.ts';

const cardea: Account = { uid: 901, gid: 901 };
const postgres: Account = { uid: 101, gid: 104 };
const nobody: Account = { uid: 65534, gid: 65534 };

function choose(options: {
  owner?: Account;
  users: Record<string, Account>;
  mayCreate?: boolean;
}): Account | undefined {
  const users = new Map(Object.entries(options.users));
  return chooseAccount({
    owner: options.owner,
    find: (name) => users.get(name),
    create: (name) => {
      if (options.mayCreate) users.set(name, cardea);
    },
  });
}

test.each([
  [
    'the owner of existing data goes on',
    { owner: nobody, users: { cardea, postgres, nobody } },
    nobody,
  ],
  [
    'data that belong to root get an account',
    { owner: { uid: 0, gid: 0 }, users: { postgres } },
    postgres,
  ],
  ['a user cardea comes first', { users: { cardea, postgres, nobody } }, cardea],
  ['then the machine’s own postgres', { users: { postgres, nobody }, mayCreate: true }, postgres],
  ['without either a user cardea is made', { users: { nobody }, mayCreate: true }, cardea],
  ['where none can be made nobody serves', { users: { nobody } }, nobody],
  ['a machine without users has no account', { users: {} }, undefined],
])('%s', (_name, options, account) => {
  expect(choose(options)).toEqual(account);
});
