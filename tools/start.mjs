import { run } from './run.mjs';

await run('server/main', process.argv.slice(2));
