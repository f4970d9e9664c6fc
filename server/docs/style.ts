/** Colours near those of the dashboard; whoever has chosen light or dark there has it here too. */
const light =
  '--paper: #ffffff; --side: #f4f6f9; --ink: #1b1f27; --quiet: #545b68; --line: #c3c9d4; --accent: #0b6377; --mark: #fff3cc; --word: #8a2b06; --text: #0a4d2c; --name: #5a2ca0; --note: #545b68;';
const dark =
  '--paper: #12151b; --side: #1b2029; --ink: #eceff4; --quiet: #b0b8c6; --line: #434b59; --accent: #66d9e8; --mark: #3d3413; --word: #ffb38a; --text: #a3e2b7; --name: #d2b8ff; --note: #b0b8c6;';

/** The style sheet of the documentation: the system's fonts, contrast of 4.5:1 or more in light and dark, from 360 px on. */
export const docsStyle = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
:root[data-scheme=light] { color-scheme: light; ${light} }
:root[data-scheme=dark] { color-scheme: dark; ${dark} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; display: block; padding: .5rem 1rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
html { scroll-padding-top: 4.5rem; }
html.dark-mode { background: var(--paper); }
body > header { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; min-height: 3.5rem; padding: .5rem 1rem; border-bottom: 1px solid var(--line); background: var(--paper); position: sticky; top: 0; z-index: 2; }
body > header nav { display: flex; flex-wrap: wrap; gap: .25rem .75rem; font-size: .9375rem; }
.brand { font-weight: 700; text-decoration: none; color: inherit; }
.brand span { font-weight: 400; color: var(--quiet); }
form[role=search] { display: flex; gap: .5rem; margin-left: auto; max-width: 100%; }
input, button { font: inherit; color: inherit; min-height: 2.5rem; border-radius: .5rem; border: 1px solid var(--quiet); background: var(--paper); padding: .25rem .75rem; min-width: 0; }
button { border-color: var(--accent); color: var(--accent); font-weight: 600; cursor: pointer; }
.columns { display: grid; grid-template-columns: 16rem minmax(0, 52rem); gap: 2rem; max-width: 74rem; margin: 0 auto; padding: 1rem; }
.columns > nav { grid-column: 1; grid-row: 1; font-size: .9375rem; position: sticky; top: 4.5rem; align-self: start; max-height: calc(100vh - 5.5rem); overflow-y: auto; padding-bottom: 1rem; }
.columns > main { grid-column: 2; grid-row: 1; min-width: 0; }
.columns.wide { grid-template-columns: minmax(0, 1fr); max-width: 90rem; }
.columns.wide > main { grid-column: 1; }
.to-contents { display: none; }
@media (max-width: 56rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .columns > nav, .columns > main { grid-column: 1; grid-row: auto; }
  .columns > nav { position: static; max-height: none; border-top: 1px solid var(--line); }
  body > header { position: static; }
  html { scroll-padding-top: .5rem; }
  .to-contents { display: inline; }
  form[role=search] { margin-left: 0; }
}
nav h2 { font-size: .875rem; margin: 1.25rem 0 .25rem; color: var(--quiet); }
nav ul { list-style: none; padding: 0; margin: 0; }
nav li a { display: block; padding: .2rem .5rem; border-radius: .25rem; text-decoration: none; }
nav li a:hover { text-decoration: underline; }
nav a[aria-current] { background: var(--side); border-left: 3px solid var(--accent); color: var(--ink); font-weight: 600; }
.here ul { columns: 14rem auto; }
.here li { break-inside: avoid; }
.here { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; margin: 1rem 0; font-size: .9375rem; }
h1 { line-height: 1.2; margin: .5rem 0 1rem; }
h2 { line-height: 1.3; margin: 2rem 0 .5rem; }
h2:target, h3:target, section:target > h2 { background: var(--mark); }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
:not(pre) > code { background: var(--side); padding: .1em .3em; border-radius: .25rem; }
pre { background: var(--side); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; overflow-x: auto; overflow-wrap: normal; line-height: 1.45; }
.code { margin: 0 0 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--side); overflow: hidden; }
.code-head { display: flex; justify-content: space-between; align-items: center; min-height: 2.25rem; padding: 0 .5rem 0 1rem; font-size: .875rem; color: var(--quiet); }
.code-head button { min-height: 1.75rem; padding: 0 .75rem; font-size: .875rem; border-color: transparent; background: transparent; }
.code pre { border: 0; border-top: 1px solid var(--line); border-radius: 0; margin: 0; }
.code pre:focus-visible { outline-offset: -3px; }
summary { cursor: pointer; padding: .25rem 0; }
summary + * { margin-top: .5rem; }
.scroll { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; min-width: 32rem; width: 100%; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
/* A heading or a number is not broken in two where the table can scroll. */
th, td:first-child:not(:has(code)), .errors td:nth-child(2) { overflow-wrap: normal; }
blockquote { border-left: 3px solid var(--line); margin: 0 0 1rem; padding-left: 1rem; color: var(--quiet); }
section { padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
.fields td:first-child { min-width: 12rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 1rem; padding: 0; list-style: none; }
.cards > li { border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; }
.cards h2 { margin: 0 0 .5rem; font-size: 1.125rem; }
.cards ul { padding-left: 1.1rem; margin: 0; }
.quiet { color: var(--quiet); }
.hljs-keyword, .hljs-built_in, .hljs-literal, .hljs-type { color: var(--word); }
.hljs-string, .hljs-number, .hljs-regexp { color: var(--text); }
.hljs-title, .hljs-attr, .hljs-variable, .hljs-property, .hljs-params, .hljs-meta { color: var(--name); }
.hljs-comment { color: var(--note); font-style: italic; }
#api { background: #ffffff; border-radius: .5rem; color-scheme: light; }
.dark-mode #api { background: #1c2022; color-scheme: dark; }
`;
