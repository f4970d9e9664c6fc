/** What somebody sees whose app sent a request that leads nowhere: a page, as there is no address that could be trusted with the fault. */

const contentPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const errorPageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentPolicy,
  'Referrer-Policy': 'no-referrer',
};

/** The page for a fault in the words of OAuth; all of it is escaped. */
export function errorPage(fault: {
  readonly error: string;
  readonly description?: string | undefined;
}): string {
  const { error, description } = fault;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>This sign-in cannot go on</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 34rem; padding: 0 1rem; }
code { overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>This sign-in cannot go on</h1>
<p>The app or page that sent you here asked in a way that is not allowed. Nothing was signed in. Go back to it and try again; if that does not help, tell whoever runs it what stands below.</p>
<p><code>${escaped(error)}</code>${description === undefined ? '' : `: ${escaped(description)}`}</p>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
}
