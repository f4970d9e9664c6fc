/** Which passwords people may choose (identity.md 9): long enough, not on the list of common and leaked ones, not their own name. */

export const SHORTEST_PASSWORD = 8;
export const LONGEST_PASSWORD = 128;

/** Why a password may not be chosen. */
export type PasswordFault = 'too_short' | 'too_long' | 'common' | 'personal';

type Person = { readonly email: string; readonly firstName: string; readonly lastName: string };

/** What is wrong with a password for this person; undefined when it may be chosen. Every character counts, composition does not. */
export async function findPasswordFault(
  password: string,
  person: Person,
): Promise<PasswordFault | undefined> {
  const length = Array.from(password).length;
  if (length < SHORTEST_PASSWORD) return 'too_short';
  if (length > LONGEST_PASSWORD) return 'too_long';
  const plain = plainText(password);
  if (namesOf(person).some((name) => plainText(name) === plain)) return 'personal';
  return (await commonPasswords()).has(plain) ? 'common' : undefined;
}

function namesOf({ email, firstName, lastName }: Person): string[] {
  const [mailbox = ''] = email.split('@');
  const first = firstName.trim();
  const last = lastName.trim();
  return [email, mailbox, first, last, `${first} ${last}`, `${first}${last}`, `${last}${first}`];
}

function plainText(text: string): string {
  return text.trim().toLowerCase();
}

let common: Promise<ReadonlySet<string>> | undefined;

/** The list lies beside the program and is read at the first choice of a password; shorter ones are refused anyway. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const listed: readonly (string | number)[] = dictionary['passwords-common'];
    return new Set(listed.map(String).filter((word) => word.length >= SHORTEST_PASSWORD));
  });
  return common;
}
