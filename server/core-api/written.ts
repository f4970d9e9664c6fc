import type { Written } from '#server/domain/rights-write';
import type { Call } from '#server/http/route';

/** The value of a write, its warnings told in the answer's `CLP-Warning`. */
export async function told<T>(call: Call, written: Promise<Written<T>>): Promise<T> {
  const { value, warnings } = await written;
  for (const word of warnings) call.warn(word);
  return value;
}
