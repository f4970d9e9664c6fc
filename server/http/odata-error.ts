/** Why a list option cannot be understood, and where; the list kernel answers it with 1102. */
export class ODataError extends Error {
  readonly reason: string;
  /** Counted in characters of the option's text, from 1. */
  readonly position: number;

  constructor(reason: string, position: number) {
    super(`${reason} at position ${position}`);
    this.name = 'ODataError';
    this.reason = reason;
    this.position = position;
  }
}
