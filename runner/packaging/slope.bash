# shellcheck shell=bash
# slope.bash: completion of slope's command line in bash. It asks the program itself for commands,
# options and plugins, so there is nothing here to go stale. The functions below _slope share its
# variables: program, command, word (what is being written) and before (the word before it).

_slope_offer() { # ARGUMENTS OF compgen
    mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
}

_slope_offer_files() { # PATTERN: files that match it, and folders
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -X "!$1" -- "$word"; compgen -d -- "$word")
}

_slope_plugins() { # COLUMN [KIND]
    "$program" plugins ${2:+"$2"} 2>/dev/null | awk -v column="$1" 'NR > 2 { print $column }' | sort -u
}

_slope_options() { # lines "--name ARGUMENT" or "--name"
    "$program" "$command" --help 2>/dev/null |
        sed -n 's/^  \(--[a-z-]*\)\( [A-Z]*\)\{0,1\}  .*/\1\2/p'
}

_slope_offer_argument() { # what the usage or an option's help line calls it
    case $1 in
    FILE) _slope_offer_files '*.y*ml' ;;
    *.so) _slope_offer_files '*.so' ;;
    *.c) _slope_offer_files '*.c' ;;
    DIR) _slope_offer_files '' ;;
    NAME) _slope_offer -W "$(_slope_plugins 2)" ;;
    KIND) _slope_offer -W "$(_slope_plugins 1)" ;;
    esac
}

_slope_offer_value() { # KEY: plugins, where the key names one
    local key=${1%.name}
    case ${key##*.} in
    model | loss | optimizer | schedule | sampler | pruner)
        _slope_offer -W "$(_slope_plugins 2 "${key##*.}")"
        ;;
    dataset) _slope_offer -W "$(_slope_plugins 2 reader)" ;;
    esac
}

_slope() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]}
    local before=${COMP_WORDS[COMP_CWORD - 1]} argument usage
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _slope_offer -W "--help --version $("$program" --help |
            sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')"
        return
    fi
    if [[ $word == = ]]; then # bash takes key=value for three words
        word='' && _slope_offer_value "$before"
        return
    elif [[ $before == = ]]; then
        _slope_offer_value "${COMP_WORDS[COMP_CWORD - 2]}"
        return
    fi
    if [[ $before == --* ]]; then
        argument=$(_slope_options | awk -v option="$before" '$1 == option { print $2 }')
        [[ $argument == FILE ]] && _slope_offer_files '*'
        [[ $argument && $argument != FILE ]] && _slope_offer_argument "$argument"
        [[ $argument ]] && return
    fi
    if [[ $word == -* ]]; then
        _slope_offer -W "$(_slope_options | cut -d ' ' -f 1)"
        return
    fi
    # the argument that the usage names at this place; after a file, settings
    read -r -a usage < <("$program" "$command" --help 2>/dev/null |
        sed -n '1s/^usage: slope [a-z-]* //p')
    argument=${usage[COMP_CWORD - 2]//[\[\]]/}
    [[ ${usage[0]} == DIR… ]] && argument=DIR # as many as there are
    if [[ $argument == key=value || ($COMP_CWORD -gt 2 && $argument != [A-Z]*) ]]; then
        compopt -o nospace
        _slope_offer -S = -W 'dataset model loss optimizer schedule sweep.sampler sweep.pruner'
    else
        _slope_offer_argument "$argument"
    fi
}

complete -F _slope slope
