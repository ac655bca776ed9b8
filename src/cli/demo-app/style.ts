// The look of all pages, as one style sheet set inline: nothing is fetched from anywhere.

export const STYLE: string = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f4f1ea, #14161a);
  --card: light-dark(#fffdf8, #1d2026);
  --ink: light-dark(#23262d, #e7e4dc);
  --soft: light-dark(#5d6270, #a3a8b4);
  --line: light-dark(#dcd6c6, #353a44);
  --well: light-dark(#f7f4ea, #16181d);
  --accent: light-dark(#1d5f68, #7fc8cd);
  --on-accent: light-dark(#ffffff, #10252a);
  --warn: light-dark(#9a3b1f, #f0a184);
  --shadow: 0 1px 2px rgb(0 0 0 / .06), 0 8px 24px -12px rgb(0 0 0 / .18);
  --text: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --display: Charter, "Bitstream Charter", "Iowan Old Style", "Palatino Linotype", Georgia, serif;
  --code: ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--text); }
a { color: var(--accent); text-underline-offset: .18em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1, h2, h3 { font-family: var(--display); line-height: 1.2; text-wrap: balance; margin: 0; }
h1 { font-size: clamp(1.8rem, 4vw, 2.5rem); letter-spacing: -.01em; }
h2 { font-size: 1.3rem; }
h3 { font-size: 1.15rem; }
p { margin: 0; overflow-wrap: anywhere; }
.wide { max-width: 68rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2rem); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; z-index: 2; }

header { background: var(--card); border-bottom: 1px solid var(--line); }
header .wide { display: flex; flex-wrap: wrap; align-items: center; gap: .35rem 1.5rem; padding-block: .7rem; }
.brand { font: 700 1.15rem var(--display); color: inherit; text-decoration: none; display: flex; align-items: center; gap: .55rem; }
.brand svg { width: 1.7rem; height: 1.7rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem; list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .3rem .7rem; border-radius: 999px; color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--ink); background: var(--well); }
nav a[aria-current] { color: var(--on-accent); background: var(--accent); }
.status { margin-left: auto; display: flex; align-items: center; gap: 1rem; color: var(--soft); font-size: .92rem; }
.status form { display: flex; align-items: center; gap: .6rem; }
.clock { font-family: var(--code); font-variant-numeric: tabular-nums; display: flex; align-items: center; gap: .5rem; }
.clock::before { content: ""; width: .55rem; height: .55rem; border-radius: 50%; background: var(--line); }
.clock[data-live=yes]::before { background: light-dark(#2f9e60, #5fd08f); }

main { padding-block: clamp(1.5rem, 4vw, 2.75rem) 3rem; display: grid; gap: 1.75rem; }
.lead { color: var(--soft); margin-top: .5rem; max-width: 46rem; }
.columns { display: grid; gap: 1.75rem; grid-template-columns: minmax(0, 1fr); align-items: start; }
@media (max-width: 44rem) { nav { order: 1; width: 100%; } nav a { padding-inline: .55rem; } }
@media (min-width: 56rem) { .columns { grid-template-columns: minmax(0, 1fr) 20rem; } }
.stack { display: grid; gap: 1.1rem; grid-template-columns: minmax(0, 1fr); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); padding: 1.15rem 1.3rem; display: grid; gap: .7rem; grid-template-columns: minmax(0, 1fr); }
.card:target { border-color: var(--accent); }
.narrow { max-width: 30rem; }
.hidden { border-left: 4px solid var(--warn); }
.meta { color: var(--soft); font-size: .87rem; }
.text { white-space: pre-wrap; }
.tag { color: var(--warn); font-weight: 600; }
.hint { color: var(--soft); font-size: .9rem; }
.fault { color: var(--warn); font-weight: 600; }
details > summary { cursor: pointer; color: var(--accent); font-size: .93rem; width: fit-content; }
details > .stack { margin-top: .8rem; }
.comment { border-left: 3px solid var(--line); padding-left: .8rem; overflow-wrap: anywhere; }

form.stack { gap: .8rem; }
label { display: grid; gap: .25rem; font-weight: 600; font-size: .93rem; }
input, textarea { font: 1rem/1.4 var(--text); color: inherit; background: var(--well); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .7rem; width: 100%; min-width: 0; }
textarea { resize: vertical; min-height: 5rem; }
button { font: 600 .95rem var(--text); color: var(--on-accent); background: var(--accent); border: 0; border-radius: 8px; padding: .55rem 1.1rem; cursor: pointer; justify-self: start; white-space: nowrap; }
::file-selector-button { font: 600 .9rem var(--text); color: var(--accent); background: none; border: 0; padding: 0; margin-right: .8rem; cursor: pointer; }
button:hover { filter: brightness(1.12); }
button.quiet { color: var(--accent); background: none; padding: .2rem .4rem; text-decoration: underline; text-underline-offset: .18em; }
.row { display: flex; gap: .6rem; align-items: end; }
.row label { flex: 1; }
.row button { border: 1px solid transparent; padding-block: .5rem; line-height: 1.47; }

code, pre { font-family: var(--code); font-size: .88rem; }
pre { margin: 0; padding: .8rem 1rem; background: var(--well); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
tbody th { width: 13rem; font-weight: 600; font-size: .93rem; }
thead th { border-top: 0; color: var(--soft); font-size: .87rem; }
td { font-family: var(--code); font-size: .88rem; }
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: .88rem; }
footer p { padding-block: 1.1rem; }
`;
