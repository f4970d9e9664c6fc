/** The two versions of the Connect face: the same handlers, and members that only the later one shows (connect-api.md 7). */
import { Type, type TObject, type TProperties } from 'typebox';

export const connectVersions = ['v1.1', 'v1.2'] as const;
export type ConnectVersion = (typeof connectVersions)[number];

/** A schema per version; an answer made for v1.2 loses the added members when it is written as v1.1. */
export type Versioned<Earlier extends TObject, Later extends TObject> = {
  readonly 'v1.1': Earlier;
  readonly 'v1.2': Later;
};

/** `added` are the members of v1.2 alone, since strictly generated clients refuse unknown members. */
export function versioned<Base extends TProperties, Added extends TProperties>(
  base: Base,
  added: Added,
) {
  return { 'v1.1': Type.Object(base), 'v1.2': Type.Object({ ...base, ...added }) } as const;
}
