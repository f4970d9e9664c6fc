import { createDatabase } from '#server/store/pool';
import { silentLog } from './database.ts';
import { startGateway } from './gateway.ts';

/** A gateway in a process of its own, to be killed: `<database url> <data folder> <port>`; says where its authority is. */
const [url = '', dataDir = '', port = ''] = process.argv.slice(2);
const database = createDatabase({ config: { connectionString: url }, log: silentLog() });
const cloud = await startGateway({ database, port: Number(port), dataDir });
process.stdout.write(`${cloud.caPath}\n`);
