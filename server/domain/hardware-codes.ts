import { ApiError } from '#contract/api-error';

/** What is printed on a lock or a repeater, and how it is shown. */
export type HardwareCode = { readonly code: string; readonly mac: string };

const form = /^(?:[0-9A-F]{6}|[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{16})$/;

/** An activation code that must be there. REQUEST_INVALID when it was left out. */
export function sentCode(sent: string | null): string {
  if (sent === null)
    throw new ApiError('REQUEST_INVALID', { reason: 'The activation_code field is required.' });
  return sent;
}

/** The code of a lock or repeater (core-api.md 7.2). ACTIVATION_CODE_INVALID for another form. */
export function hardwareCode(sent: string | null): HardwareCode {
  const code = sentCode(sent)
    .replaceAll(/[.\-:\s]/g, '')
    .toUpperCase();
  if (!form.test(code)) throw new ApiError('ACTIVATION_CODE_INVALID');
  const mac = code.length === 6 ? `${code.slice(0, 2)}.${code.slice(2, 4)}.${code.slice(4)}` : code;
  return { code, mac };
}
