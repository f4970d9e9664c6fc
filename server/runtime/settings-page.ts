import { listSettings, listWords, type Setting } from './config.ts';

const PAGE_HEAD = `# Settings

Settings come from the environment, or from a file \`.env\` in the folder the server is started in; the environment wins.
An empty value counts as none. A start with faulty settings names every fault and ends.
`;

const EXAMPLE_HEAD = `# Settings of Cardea, each with its default. Copy this file to .env and uncomment what you change.
# The meanings are in docs/settings.md too. Generated from server/runtime/config.ts.
`;

/** The page docs/settings.md, in Markdown. */
export function settingsPage(): string {
  const parts = listSettings().map(([, setting]) => {
    const standard = defaultText(setting);
    const form = standard === '' ? 'Not set by default.' : `Default: \`${standard}\`.`;
    const secret = setting.isSecret ? ' Never printed.' : '';
    return `## ${setting.env}\n\n${setting.description} ${form}${choiceText(setting)}${secret}\n`;
  });
  return [PAGE_HEAD, ...parts].join('\n');
}

/** The file .env.example. */
export function environmentExample(): string {
  const parts = listSettings().map(
    ([, setting]) => `# ${setting.description}\n#${setting.env}=${defaultText(setting)}\n`,
  );
  return [EXAMPLE_HEAD, ...parts].join('\n');
}

function defaultText(setting: Setting): string {
  const value = setting.default;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function choiceText(setting: Setting): string {
  const words = listWords(setting);
  if (words === '') return '';
  return setting.type === 'array' ? ` Any of ${words}, with commas.` : ` One of ${words}.`;
}
