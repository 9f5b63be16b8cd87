import type { Command as Definition } from 'commander';

/** A completion script for bash: the words of each command, and its options. */
export function completion(program: Definition): string {
  const cases: string[] = [];
  const walk = (definition: Definition, path: readonly string[]) => {
    const words = [
      ...definition.commands.map((one) => one.name()),
      ...definition.options.map((option) => option.long ?? ''),
    ];
    cases.push(`    "${path.join(' ')}") words="${words.join(' ')}" ;;`);
    for (const one of definition.commands) walk(one, [...path, one.name()]);
  };
  walk(program, []);
  return `_gatehouse() {
  local words path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _gatehouse gatehouse
`;
}
