/** `cardea completion`: what the Tab key offers, written from the list of commands. */
import { exitCodes, type Command } from './command.ts';

const shells = {
  bash: { script: bashScript, use: 'cardea completion bash > /etc/bash_completion.d/cardea' },
  zsh: { script: zshScript, use: 'cardea completion zsh > "${fpath[1]}/_cardea"' },
  fish: {
    script: fishScript,
    use: 'cardea completion fish > ~/.config/fish/completions/cardea.fish',
  },
} as const;

/** A command for each shell, for the commands that `list` gives. */
export function completionCommands(list: () => readonly Command[]): Command[] {
  return Object.entries(shells).map(([shell, { script, use }]) => ({
    words: `completion ${shell}`,
    summary: `what the Tab key offers in ${shell}, as a script`,
    help: `Writes the script to stdout.\n\n  ${use}\n`,
    options: {},
    run: () => {
      const text = script(placesOf(list()));
      return Promise.resolve({ code: exitCodes.fine, json: { shell, script: text }, text });
    },
  }));
}

/** What may follow after the words typed so far. */
type Place = {
  readonly typed: string;
  readonly words: readonly string[];
  readonly options: readonly { readonly name: string; readonly takesValue: boolean }[];
};

function placesOf(commands: readonly Command[]): Place[] {
  const starts = commands.flatMap(({ words }) => {
    const steps = words.split(' ');
    return steps.map((_, index) => steps.slice(0, index).join(' '));
  });
  const places = new Set([...starts, ...commands.map(({ words }) => words)]);
  return [...places].sort().map((typed) => {
    const command = commands.find(({ words }) => words === typed);
    return { typed, words: wordsAfter(typed, commands), options: optionsOf(command) };
  });
}

function wordsAfter(typed: string, commands: readonly Command[]): string[] {
  const before = typed === '' ? [] : typed.split(' ');
  const next = commands
    .map(({ words }) => words.split(' '))
    .filter((steps) => before.every((word, index) => steps[index] === word))
    .map((steps) => steps[before.length] ?? '');
  return [...new Set(next)].filter((word) => word !== '').sort();
}

function optionsOf(command: Command | undefined): Place['options'] {
  if (command === undefined) return [{ name: '--help', takesValue: false }];
  return [
    ...Object.entries(command.options).map(([name, { type }]) => ({
      name: `--${name}`,
      takesValue: type === 'string',
    })),
    { name: '--json', takesValue: false },
    { name: '--help', takesValue: false },
  ];
}

function offeredAt({ words, options }: Place): string {
  return [...words, ...options.map(({ name }) => name)].join(' ');
}

/** Options after which a value is typed, mostly a path: the shell's own completion of files serves them. */
function withValue(places: readonly Place[]): string {
  const names = places.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue));
  return [...new Set(names.map(({ name }) => name))].sort().join('|');
}

function bashScript(places: readonly Place[]): string {
  return `_cardea() {
  local typed="" offered="" index
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${withValue(places)}) COMPREPLY=(); return ;;
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    [[ \${COMP_WORDS[index]} == -* ]] && break
    typed+="\${typed:+ }\${COMP_WORDS[index]}"
  done
  case "$typed" in
${places.map((place) => `    '${place.typed}') offered='${offeredAt(place)}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cardea cardea`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef cardea
_cardea() {
  local typed="" index
  case "\${words[CURRENT-1]}" in
    (${withValue(places)}) _files; return ;;
  esac
  for ((index = 2; index < CURRENT; index++)); do
    [[ \${words[index]} == -* ]] && break
    typed+="\${typed:+ }\${words[index]}"
  done
  case "$typed" in
${places.map((place) => `    ('${place.typed}') compadd -- ${offeredAt(place)} ;;`).join('\n')}
  esac
}
compdef _cardea cardea`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ typed, words, options }) => {
    const when = `complete -c cardea -n '__cardea_at "${typed}"'`;
    return [
      ...(words.length === 0 ? [] : [`${when} -f -a '${words.join(' ')}'`]),
      ...options.map(
        ({ name, takesValue }) => `${when} -l ${name.slice(2)}${takesValue ? ' -r' : ''}`,
      ),
    ];
  });
  return `function __cardea_at
  set -l typed
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and break
    set -a typed $word
  end
  test "$typed" = "$argv[1]"
end
${lines.join('\n')}`;
}
