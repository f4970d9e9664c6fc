/** The people of a site, as the pages about them read and name them. */
import type { ItemOf } from '#client/operations';

export type Person = ItemOf<'/v1.2/sites/{site_id}/users'>;
export type PersonKey = ItemOf<'/v1.2/sites/{site_id}/users/{site_user_id}/keys'>;
export type Role = ItemOf<'/v1.2/sites/{site_id}/roles'>;
export type AccessGroup = ItemOf<'/v1.2/sites/{site_id}/access_groups'>;
export type SiteTag = ItemOf<'/v1.2/sites/{site_id}/tags'>;

/** The id that takes a tag away. */
export const noTagId = '00000000-0000-0000-0000-000000000000';

/** Where the search for a person looks. */
export const personFields = ['user/first_name', 'user/last_name', 'user/email', 'alias'] as const;
const guestCode = 'site_guest';

/** Conditions of the list: guests, or everybody else. */
export const guestFilter = `roles/any(r: r/code eq '${guestCode}')`;
export const noGuestFilter = `not (${guestFilter})`;

export function isGuest({ roles }: Pick<Person, 'roles'>): boolean {
  return roles.some(({ code }) => code === guestCode);
}

type Named = { readonly first_name: string | null; readonly last_name: string | null };

/** First and last name, or nothing. */
export function fullName({ first_name: first, last_name: last }: Named): string {
  return [first, last].filter(Boolean).join(' ');
}

/** What a person is called at the site. */
export function personName({ user, alias }: Pick<Person, 'user' | 'alias'>): string {
  return fullName(user) || (alias ?? user.email ?? '–');
}
