# Completion for bash: what the program's own --help lists.
_longplay() {
    local cur prev words cword help before
    _init_completion || return
    local program=${words[0]} command=${words[1]}
    if ((cword == 1)); then
        COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p') --help --version" -- "$cur"))
        return
    fi
    before=("$command")
    if [[ $command == game ]]; then
        if ((cword == 2)); then
            COMPREPLY=($(compgen -W "$("$program" game --help 2>/dev/null | sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p') --help" -- "$cur"))
            return
        fi
        before+=("${words[2]}")
    fi
    help=$("$program" "${before[@]}" --help 2>/dev/null)
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(sed -n 's/^  \(--[a-z-]*\).*/\1/p' <<<"$help")" -- "$cur"))
    elif [[ $prev == --* && $help =~ "  $prev "([^ ]*) ]]; then
        # after an option: the words it may take, games for GAME, otherwise a file
        local value=${BASH_REMATCH[1]} choices
        choices=$(tr '|' '\n' <<<"$value" | sed -n '/^[a-z0-9]*$/p')
        [[ $value == *GAME* ]] && choices+=" $(_longplay_games "$program")"
        COMPREPLY=($(compgen -W "$choices" -- "$cur"))
        [[ $value == *[A-Z]* || -z $value ]] && _filedir
    else
        # the words in small letters of its usage, games for GAME, and files
        local first=${help%%$'\n'*} choices
        choices=$(sed 's/^usage: longplay [a-z]* *//' <<<"$first" | grep -oE '\b[a-z]{3,}\b')
        [[ $first == *GAME* ]] && choices+=" $(_longplay_games "$program")"
        COMPREPLY=($(compgen -W "$choices" -- "$cur"))
        _filedir
    fi
}
_longplay_games() {
    "$1" info 2>/dev/null | sed -n 's/^games  *//p' | tr -d ','
}
complete -F _longplay longplay
