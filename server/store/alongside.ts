/** The parameters of a statement, as `$1`. */
export type AlongsidePlaces = { readonly tenant: string; readonly value: string };

/**
 * What one statement writes together with its own row, so that both land or neither (design.md law 1) without a transaction
 * of several round trips.
 */
export type Alongside = {
  /** The call of a function of the database that writes it; the same text each time. */
  call(places: AlongsidePlaces): string;
  /** Its parameter. */
  readonly value: string;
};
