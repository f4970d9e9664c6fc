import type { Call } from './route.ts';

/** The value of a write, its warnings told in the answer's `CLP-Warning`. */
export async function told<T>(
  call: Call,
  written: Promise<{ readonly value: T; readonly warnings: readonly string[] }>,
): Promise<T> {
  const { value, warnings } = await written;
  for (const word of warnings) call.warn(word);
  return value;
}
