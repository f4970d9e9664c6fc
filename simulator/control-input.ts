import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** A body the control API cannot use; every fault is listed. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super('the body is not usable');
    this.faults = faults;
  }
}

/** Reads a JSON body of that shape, nothing at all counting as `{}`; throws BadInput. */
export function readBody<Schema extends TSchema>(schema: Schema, body: unknown): Static<Schema> {
  const json = parseJson(typeof body === 'string' && body.trim() !== '' ? body : '{}');
  if (Value.Check(schema, json)) return json;
  throw new BadInput(
    Value.Errors(schema, json).map((error) => `${error.instancePath || '/'} ${error.message}`),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput(['the body is not JSON']);
  }
}
