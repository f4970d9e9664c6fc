import { format } from 'prettier';
import { stringify } from 'yaml';
import { deviceLinkDescription } from '#server/docs/device-link-description';

/** The document as text, formatted like every file of the project. */
export function deviceLinkYaml(): Promise<string> {
  const text = stringify(deviceLinkDescription(), { lineWidth: 0, aliasDuplicateObjects: false });
  const note =
    '# Generated from contract/iq-link.ts: npx vitest run test/contract/device-link.test.ts -u\n';
  return format(note + text, { parser: 'yaml', singleQuote: true, printWidth: 100 });
}
