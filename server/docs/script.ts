/** The script of every page, which works without it: the colours chosen in the dashboard, and buttons that copy code. */
export const docsScript = `
'use strict';
try {
  const scheme = localStorage.getItem('mantine-color-scheme-value');
  if (scheme === 'light' || scheme === 'dark') document.documentElement.dataset.scheme = scheme;
} catch {
  // Where nothing may be kept, nothing was chosen.
}
addEventListener('DOMContentLoaded', () => {
  const told = document.body.appendChild(document.createElement('div'));
  told.setAttribute('role', 'status');
  told.className = 'unseen';
  for (const head of document.querySelectorAll('.code-head')) {
    const code = head.nextElementSibling;
    const button = head.appendChild(document.createElement('button'));
    button.type = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', () => copy(code).then((isDone) => say(button, told, isDone)));
  }
});
async function copy(code) {
  // Browsers have the clipboard on https and on this machine only; elsewhere what is selected can be copied.
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      // Not allowed: the other way.
    }
  }
  getSelection().selectAllChildren(code);
  return document.execCommand('copy');
}
function say(button, told, isDone) {
  button.textContent = isDone ? 'Copied' : 'Selected';
  told.textContent = isDone ? 'Copied' : 'Selected: press Ctrl C';
  setTimeout(() => {
    button.textContent = 'Copy';
    told.textContent = '';
  }, 2000);
}
`;
