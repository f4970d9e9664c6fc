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
for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!SimpleWebAuthnBrowser.browserSupportsWebAuthn()) break;
  const fault = form.querySelector('[data-passkey-fault]');
  for (const part of form.querySelectorAll('[data-needs-script]')) part.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fault.hidden = true;
    try {
      const optionsJSON = JSON.parse(form.dataset.options);
      const { startAuthentication, startRegistration } = SimpleWebAuthnBrowser;
      const ask = form.dataset.passkey === 'create' ? startRegistration : startAuthentication;
      form.elements.credential.value = JSON.stringify(await ask({ optionsJSON }));
      form.submit();
    } catch {
      fault.hidden = false;
    }
  });
}
`;

export const passkeyScript = `${library}\n${ours}`;
