/** `cardea check`: rights and settings of a site that lead nowhere. docs/why.md. */
import { Value } from 'typebox/value';
import { ConfigurationCheckResponse } from '#contract/configuration-check';
import { exitCodes, textOf, type Command } from './command.ts';
import { openSiteApi, siteHelp, siteOptions } from './site-api.ts';

export const check: Command = {
  words: 'check',
  summary: 'finds rights and settings of a site that lead nowhere',
  help: `
Looks for groups without schedule, keys that open nothing, locks nobody can open and more. Changes nothing.
Exit code 1 = it found an error or a warning; notices alone are 0.

  --word <word>  one check only, with up to 1,000 of its objects: key_expired
${siteHelp}

  cardea check
  cardea check --word key_opens_nothing --json
`,
  options: { ...siteOptions, word: { type: 'string' } },
  async run(call) {
    const api = await openSiteApi(call);
    const word = textOf(call.values, 'word');
    const query = word === undefined ? '' : `?word=${encodeURIComponent(word)}`;
    const answer = await api.ask('GET', `/configuration_check${query}`);
    const json = Value.Parse(ConfigurationCheckResponse, answer);
    const isFine = json.findings.every(({ severity }) => severity === 'notice');
    return { code: isFine ? exitCodes.fine : exitCodes.found, json, text: textOfCheck(json) };
  },
};

function textOfCheck({ findings, fine }: ConfigurationCheckResponse): string {
  const found = findings.flatMap(({ severity, word, total, means, remedy, objects }) => [
    `${severity}: ${word} (${total})`,
    `  ${means}`,
    `  ${remedy}`,
    ...objects.map(
      ({ object_type: type, object_id: id, name, detail }) =>
        `    ${type} ${id}${name === null ? '' : ` "${name}"`}${detail === null ? '' : ` · ${detail}`}`,
    ),
    ...(objects.length < total ? [`    … and ${total - objects.length} more: --word ${word}`] : []),
  ]);
  return [...found, `${fine.length} checks found nothing.`].join('\n');
}
