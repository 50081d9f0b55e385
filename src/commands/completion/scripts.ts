/**
 * The completion scripts of the shells. Each asks `socklens __complete` (src/cli/completion/), and only hands on what
 * it answers: a line that says how to complete, then a line for each value with its description behind a tab. No text
 * of the answer is evaluated: container names come from outside.
 */
export const completionScripts = {
  bash: `# bash completion for socklens                              -*- shell-script -*-

_socklens() {
  local program=socklens IFS=$'\\n' index
  local -a answer
  type -P socklens >/dev/null || program=\${COMP_WORDS[0]/#\\~\\//$HOME/}
  COMPREPLY=()
  # The answer is quoted for bash, and begins where bash begins to replace.
  mapfile -t answer <<<"$("$program" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)"
  case \${answer[0]} in
    files) compopt -o default ;;
    command)
      # The command of guard: answer[1] is the number of words before it.
      if declare -F _command_offset >/dev/null; then
        _command_offset "\${answer[1]}"
      elif ((COMP_CWORD == answer[1])); then
        mapfile -t COMPREPLY < <(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")
      else
        compopt -o default
      fi
      ;;
    open | closed)
      [[ \${answer[0]} == closed ]] || compopt -o nospace
      for ((index = 1; index < \${#answer[@]}; index++)); do COMPREPLY+=("\${answer[index]}"); done
      ;;
  esac
}
complete -F _socklens socklens
`,
  zsh: `#compdef socklens
# zsh completion for socklens

_socklens() {
  local program=socklens line value kind
  local -a answer before closed closed_texts open open_texts
  (( $+commands[socklens] )) || program=\${words[1]/#\\~\\//$HOME/}
  (( CURRENT > 2 )) && before=("\${(@Q)words[2,CURRENT-1]}")
  answer=("\${(@f)$("$program" __complete zsh "\${before[@]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  kind=$answer[1]
  shift answer
  case $kind in
    files)
      compset -P '--*='
      _files
      ;;
    command)
      words=("\${(@)words[answer[1]+1,-1]}")
      (( CURRENT -= answer[1] ))
      _normal
      ;;
    open | closed)
      for line in "\${answer[@]}"; do
        value=\${line%%$'\\t'*}
        [[ -n $value ]] || continue
        if [[ $value == *[:/=] ]]; then
          open+=("$value") open_texts+=("\${line/$'\\t'/  -- }")
        else
          closed+=("$value") closed_texts+=("\${line/$'\\t'/  -- }")
        fi
      done
      (( $#closed )) && compadd -l -V closed -d closed_texts -a closed
      (( $#open )) && compadd -l -V open -S '' -d open_texts -a open
      return 0
      ;;
  esac
}

# Loaded from fpath it is the function's first call; sourced, it registers the function.
if [[ $funcstack[1] == _socklens ]]; then
  _socklens "$@"
else
  compdef _socklens socklens
fi
`,
  fish: `# fish completion for socklens

function __socklens_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program socklens
    command -q socklens; or set program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l answer ($program __complete fish $words[2..-1] -- "$current" 2>/dev/null)
    switch "$answer[1]"
        case files
            set -l option (string match -r '^--[a-z-]+=' -- "$current")
            for path in (__fish_complete_path (string replace -r '^--[a-z-]+=' '' -- "$current"))
                echo -- "$option$path"
            end
        case command
            set -l rest (string escape -- $words[(math $answer[2] + 1)..-1])
            complete -C (string join ' ' -- $rest "$current")
        case open closed
            printf '%s\\n' $answer[2..-1]
    end
end

complete -c socklens -f -a '(__socklens_complete)'
`,
} as const;
