/** The style sheet of the pages for people: one column, the system's fonts, contrast of 4.5:1 or more in light and dark. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b1f27; --quiet: #545b68; --line: #c3c9d4;
  --accent: #0b6377; --on-accent: #ffffff; --bad: #a51d1d; --bad-paper: #fdecec; --good: #14612f; --good-paper: #e8f6ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12151b; --card: #1b2029; --ink: #eceff4; --quiet: #b0b8c6; --line: #434b59;
    --accent: #66d9e8; --on-accent: #0a1b2e; --bad: #ffb3b3; --bad-paper: #3a1d20; --good: #a3e2b7; --good-paper: #17301f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header, main { max-width: 34rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; justify-content: space-between; }
header nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.brand { font-weight: 700; letter-spacing: .02em; }
main { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin-bottom: 2rem; }
@media (max-width: 36rem) { main { border-width: 1px 0; border-radius: 0; } }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; }
p, ul, ol, dl { margin: 0 0 1rem; }
a { color: var(--accent); }
form { margin: 0 0 1rem; }
label, .label { display: block; font-weight: 600; margin: 0 0 .25rem; }
input, select, textarea, button, .button { font: inherit; color: inherit; max-width: 100%; min-height: 2.75rem; }
input:not([type=checkbox]):not([type=radio]), select, textarea {
  display: block; width: 100%; padding: .5rem .75rem; margin: 0 0 1rem;
  background: var(--card); border: 1px solid var(--quiet); border-radius: .5rem;
}
.check { display: flex; gap: .5rem; align-items: center; font-weight: 400; margin: 0 0 1rem; min-height: 2rem; }
.check input { width: 1.25rem; height: 1.25rem; min-height: 0; margin: 0; accent-color: var(--accent); flex: none; }
button, .button {
  display: inline-block; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: .5rem;
  background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; cursor: pointer;
}
button.second, .button.second { background: transparent; color: var(--accent); }
button.danger { background: transparent; border-color: var(--bad); color: var(--bad); }
.wide { width: 100%; text-align: center; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; display: block; padding: .5rem 1rem; }
.hint, .quiet { color: var(--quiet); }
.hint { margin: -.75rem 0 1rem; font-size: .9375rem; }
.fault, .done { padding: .75rem 1rem; border-radius: .5rem; border-left: .25rem solid; }
.fault { background: var(--bad-paper); color: var(--bad); border-color: var(--bad); }
.done { background: var(--good-paper); color: var(--good); border-color: var(--good); }
.rows { list-style: none; padding: 0; }
.rows > li { padding: .75rem 0; border-top: 1px solid var(--line); }
.rows > li form { margin: .5rem 0 0; }
.row-title { font-weight: 600; display: block; }
.codes { columns: 2; font-family: ui-monospace, monospace; list-style: none; padding: 0; }
@media (max-width: 24rem) { .codes { columns: 1; } }
.secret { font-family: ui-monospace, monospace; }
.qr { background: #ffffff; padding: .5rem; border-radius: .5rem; width: 13rem; max-width: 100%; margin: 0 0 1rem; }
.qr svg { display: block; width: 100%; height: auto; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; }
[hidden] { display: none !important; }
`;
