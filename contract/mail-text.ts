/**
 * An e-mail address, or a piece of one, as its caller meant it: a query has read a plain `+` as a blank, and no address holds one
 * (connect-api.md 1.2).
 */
export function plusesForBlanks(mailText: string): string {
  return mailText.replaceAll(' ', '+');
}
