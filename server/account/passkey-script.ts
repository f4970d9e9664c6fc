/**
 * The one script of the pages: it asks the browser for a passkey and sends the answer in the form the button stands in.
 * Without scripts the buttons stay hidden and everything else works.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The package names no way to its bundle; it lies beside what it does name.
const entry = createRequire(import.meta.url).resolve('@simplewebauthn/browser');
const library = readFileSync(join(entry, '../../dist/bundle/index.umd.min.js'), 'utf8');

const ours = `
'use strict';
for (const button of document.querySelectorAll('button[data-passkey]')) {
  if (!SimpleWebAuthnBrowser.browserSupportsWebAuthn()) break;
  const { form, dataset } = button;
  const fault = document.getElementById(dataset.fault);
  button.hidden = false;
  button.addEventListener('click', async () => {
    fault.hidden = true;
    try {
      const { startAuthentication, startRegistration } = SimpleWebAuthnBrowser;
      const ask = dataset.passkey === 'create' ? startRegistration : startAuthentication;
      const answer = await ask({ optionsJSON: JSON.parse(dataset.options) });
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    } catch {
      fault.hidden = false;
    }
  });
}
`;

export const passkeyScript = `${library}\n${ours}`;
