/** `cardea export`: everything of a site as one signed file. docs/migrations.md. */
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { CommandError, exitCodes, textOf, type Command, type OptionValues } from './command.ts';
import { coreHelp, coreOptions, openCoreApi } from './core-api.ts';
import { makeKeyFile, readPublicKeyFile, writeNew } from './site-keys.ts';

export const siteExport: Command = {
  words: 'export',
  summary: 'writes everything of a site to one signed file',
  help: `
The file holds people, hardware, rights and settings of the site. Keypad codes and one-time codes are in it only when a key is
named, and only the holder of its private part reads them.

  --out <file>         where the file goes; one that exists is kept (required)
  --site <id>          the site, when the sign-in file names none or another
  --new-key <file>     makes a key pair and writes the private key there: keep it, the import asks for it
  --public-key <file>  a key that was made where the site goes (PEM or base64 DER)
  --events             with the newest 40,000 entries and as many incidents
${coreHelp}

  cardea export --out harbour.json --new-key harbour.key
  cardea export --site 0b5c… --out harbour.json --events \\
    --public-key next.pub.pem
`,
  options: {
    ...coreOptions,
    site: { type: 'string' },
    out: { type: 'string' },
    'new-key': { type: 'string' },
    'public-key': { type: 'string' },
    events: { type: 'boolean' },
  },
  async run(call) {
    const { values } = call;
    const out = textOf(values, 'out');
    if (out === undefined) throw new CommandError('usage', 'Say where the file goes with --out.');
    const api = await openCoreApi(call);
    const site = textOf(values, 'site') ?? api.siteId;
    if (site === undefined) throw new CommandError('usage', 'Name the site with --site.');
    const key = await publicKeyOf(values);
    const query = new URLSearchParams({
      events: String(values['events'] === true),
      ...(key === null ? {} : { public_key: key }),
    });
    call.progress('Reading the site …');
    const text = await api.ask(
      'GET',
      `/collections/${encodeURIComponent(site)}/export?${query.toString()}`,
    );
    await writeNew(out, text);
    const { installation, secrets } = Value.Parse(Head, JSON.parse(text));
    const json = {
      file: out,
      bytes: Buffer.byteLength(text),
      installation,
      has_secrets: secrets !== null,
    };
    return { code: exitCodes.fine, json, text: textOfExport(json) };
  },
};

const Head = Type.Object({
  installation: Type.String(),
  secrets: Type.Union([Type.String(), Type.Null()]),
});

async function publicKeyOf(values: OptionValues): Promise<string | null> {
  const [made, given] = [textOf(values, 'new-key'), textOf(values, 'public-key')];
  if (made !== undefined && given !== undefined)
    throw new CommandError('usage', 'Take one of --new-key and --public-key.');
  if (made === undefined && given === undefined) return null;
  const key = made === undefined ? await readPublicKeyFile(given ?? '') : await makeKeyFile(made);
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

function textOfExport(json: {
  readonly file: string;
  readonly bytes: number;
  readonly installation: string;
  readonly has_secrets: boolean;
}): string {
  const codes = json.has_secrets
    ? 'Keypad codes are in it, for the holder of the key.'
    : 'Keypad codes are left out: name a key to take them along.';
  return [
    `${json.file}: ${(json.bytes / 1_048_576).toFixed(1)} MiB, signed by installation ${json.installation}.`,
    codes,
    'It names people: keep it as you keep their data.',
  ].join('\n');
}
