// Ends with 0 as soon as the server of this machine says it is ready, with 1 after the seconds given (120 by default).
// Used by the service manager and by the container's health check (`0` = ask once).
const seconds = Number(process.argv[2] ?? 120);
const port = process.env.CARDEA_HTTP_PORT || '8080';
const host = process.env.CARDEA_HTTP_HOST || '127.0.0.1';
const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
const url = `http://${own.includes(':') ? `[${own}]` : own}:${port}/ready`;
const end = performance.now() + seconds * 1000;
let said = 'no answer';
for (;;) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    said = await answer.text();
    if (answer.ok) process.exit(0);
  } catch (error) {
    said = String(error.cause?.message ?? error.message);
  }
  if (performance.now() >= end) break;
  await new Promise((resolve) => setTimeout(resolve, 500));
}
console.error(`Cardea is not ready at ${url}: ${said}`);
process.exit(1);
