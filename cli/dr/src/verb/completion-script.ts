import { everywhere, globals } from './globals.ts';
import type { Options } from './option.ts';
import { optionName } from './parse.ts';
import type { Verb } from './verb.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** What may follow some words: verbs, options with what they take. */
interface Candidates {
  /** 'list', 'api-keys create'; '' = at the beginning. */
  words: string;
  next: { word: string; help: string }[];
  options: { name: string; help: string; values: string[]; takesFile: boolean; takesValue: boolean }[];
}

/** The completion of one shell. It calls nothing of ours when it completes, so it answers at once. */
export function completionScript(shell: Shell, verbs: readonly Verb[]): string {
  return { bash, zsh, fish }[shell](candidatesOf(verbs));
}

function candidatesOf(verbs: readonly Verb[]): Candidates[] {
  const firsts = [...new Map(verbs.map((verb) => [verb.words.split(' ')[0]!, verb])).entries()];
  const groups = firsts.flatMap(([first, verb]) => (verb.words === first ? [] : [first]));
  const helpOf = (first: string, verb: Verb): string => (groups.includes(first) ? `${first} …` : verb.summary);
  return [
    { words: '', next: firsts.map(([first, verb]) => ({ word: first, help: helpOf(first, verb) })), options: optionsOf(globals) },
    ...groups.map((group) => ({ words: group, next: membersOf(group, verbs), options: [] })),
    ...verbs.map((verb) => ({ words: verb.words, next: wordsOf(verb), options: optionsOf({ ...everywhere, ...verb.options }) })),
  ];
}

function membersOf(group: string, verbs: readonly Verb[]): Candidates['next'] {
  return verbs.flatMap(({ words, summary }) =>
    words.startsWith(`${group} `) ? [{ word: words.slice(group.length + 1), help: summary }] : [],
  );
}

/** A place that takes one of a few words names them. */
const wordsOf = ({ words }: Verb): Candidates['next'] =>
  words === 'completion' ? ['bash', 'zsh', 'fish'].map((word) => ({ word, help: '' })) : [];

function optionsOf(options: Options): Candidates['options'] {
  return Object.entries(options).map(([key, { takes, help }]) => ({
    name: optionName(key),
    help,
    values: takes && /^[a-z0-9]+(\|[a-z0-9]+)+$/.test(takes) ? takes.split('|') : [],
    takesFile: /^(FILE|DIR|URI)$/.test(takes ?? ''),
    takesValue: takes !== undefined,
  }));
}

/** Options whose value nobody can guess: nothing is offered behind them. One that is a flag elsewhere is left alone. */
function freeValues(all: readonly Candidates[]): string[] {
  const options = all.flatMap((candidates) => candidates.options);
  const free = options.filter(({ takesValue, takesFile, values }) => takesValue && !takesFile && values.length === 0);
  const flags = new Set(options.filter(({ takesValue, values }) => !takesValue || values.length > 0).map(({ name }) => name));
  return [...new Set(free.map(({ name }) => name))].filter((name) => !flags.has(name));
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(all: readonly Candidates[]): string {
  const cases = all.map(({ words, next, options }) => {
    const plain = [...next.map(({ word }) => word), ...options.map(({ name }) => name)].join(' ');
    return `    ${quoted(words)}) candidates=${quoted(plain)} ;;`;
  });
  const values = all.flatMap(({ words, options }) =>
    options.flatMap(({ name, values: choices }) =>
      choices.length > 0 ? [`    ${quoted(`${words} ${name}`)}) candidates=${quoted(choices.join(' '))} ;;`] : [],
    ),
  );
  const files = [...new Set(all.flatMap(({ options }) => options.flatMap(({ name, takesFile }) => (takesFile ? [name] : []))))];
  return `# Completion of dr for bash: source <(dr completion bash)
_dr() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words='' candidates='' i word
  case $before in ${files.join('|')}) COMPREPLY=( $(compgen -f -- "$current") ); return ;; esac
  case $before in ${freeValues(all).join('|')}) COMPREPLY=(); return ;; esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in -*) continue ;; esac
    case '|${verbWords(all).join('|')}|' in *"|\${words:+$words }$word|"*) words="\${words:+$words }$word" ;; esac
  done
  case "$words $before" in
${values.join('\n')}
    *) case $words in
${cases.map((line) => `  ${line}`).join('\n')}
    esac ;;
  esac
  COMPREPLY=( $(compgen -W "$candidates" -- "$current") )
}
complete -F _dr dr
`;
}

const verbWords = (all: readonly Candidates[]): string[] => all.flatMap(({ words }) => (words === '' ? [] : [words]));

function zsh(all: readonly Candidates[]): string {
  const described = (word: string, help: string): string => quoted(`${word.replaceAll(':', '\\:')}:${help}`);
  const cases = all.map(({ words, next, options }) => {
    const list = [...next.map(({ word, help }) => described(word, help)), ...options.map(({ name, help }) => described(name, help))];
    return `    ${quoted(words)}) candidates=(${list.join(' ')}) ;;`;
  });
  const values = all.flatMap(({ words, options }) =>
    options.flatMap(({ name, values: choices }) =>
      choices.length > 0 ? [`    ${quoted(`${words} ${name}`)}) compadd -- ${choices.join(' ')}; return ;;`] : [],
    ),
  );
  const files = [...new Set(all.flatMap(({ options }) => options.flatMap(({ name, takesFile }) => (takesFile ? [name] : []))))];
  return `#compdef dr
# Completion of dr for zsh: source <(dr completion zsh)
_dr() {
  local found='' word before=\${words[CURRENT-1]}
  local -a candidates
  local -A known=(${verbWords(all)
    .map((words) => `${quoted(words)} 1`)
    .join(' ')})
  case $before in ${files.join('|')}) _files; return ;; esac
  case $before in ${freeValues(all).join('|')}) return ;; esac
  for word in \${words[2,CURRENT-1]}; do
    [[ -n \${known[\${found:+$found }$word]} ]] && found=\${found:+$found }$word
  done
  case "$found $before" in
${values.join('\n')}
  esac
  case $found in
${cases.join('\n')}
  esac
  _describe 'dr' candidates
}
compdef _dr dr
`;
}

function fish(all: readonly Candidates[]): string {
  const lines = all.flatMap(({ words, next, options }) => {
    const when = `-n ${quoted(`__dr_at ${quoted(words).replaceAll("'", '"')}`)}`;
    const subs = next.map(({ word, help }) => `complete -c dr ${when} -f -a ${quoted(word)} -d ${quoted(help)}`);
    const flags = options.map(({ name, help, values, takesFile, takesValue }) => {
      const value = takesFile ? '-r -F' : values.length > 0 ? `-x -a ${quoted(values.join(' '))}` : takesValue ? '-x' : '-f';
      return `complete -c dr ${when} ${value} -l ${name.slice(2)} -d ${quoted(help)}`;
    });
    return [...subs, ...flags];
  });
  return `# Completion of dr for fish: dr completion fish | source
set -g __dr_verbs ${verbWords(all).map(quoted).join(' ')}
function __dr_at
    set -l found ''
    for word in (commandline -opc)[2..]
        set -l longer (string trim -- "$found $word")
        contains -- $longer $__dr_verbs; and set found $longer
    end
    test "$found" = "$argv[1]"
end
complete -c dr -f
${lines.join('\n')}
`;
}
