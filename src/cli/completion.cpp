// mlrun completion: scripts for the shells, which ask the hidden `mlrun __complete` at every key press.
#include <algorithm>
#include <memory>

#include "cli/command.hpp"
#include "cli/commands.hpp"

namespace mlrun::cli {
namespace {

// COMP_WORDS is of no use: bash cuts words at '=' and ':' and replaces the last piece only.
constexpr const char* kBash = R"(# mlrun completion for bash:  source <(mlrun completion bash)
_mlrun() {
  COMPREPLY=()
  local candidate
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <("$1" __complete --breaks "$COMP_WORDBREAKS" --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/:] ]]; then
    compopt -o nospace 2>/dev/null
  fi
  return 0
}
complete -o bashdefault -o default -F _mlrun mlrun
)";

constexpr const char* kZsh = R"(#compdef mlrun
# mlrun completion for zsh:  source <(mlrun completion zsh)   after compinit; or a file _mlrun in $fpath
_mlrun() {
  local line text description
  local -a open open_shown closed closed_shown
  for line in "${(@f)$("${words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    text=${line%%$'\t'*}
    description=$text
    [[ $line == *$'\t'?* ]] && description="$text  -- ${line#*$'\t'}"
    if [[ $text == *[=/:] ]]; then
      open+=("$text") open_shown+=("$description")
    else
      closed+=("$text") closed_shown+=("$description")
    fi
  done
  if (( ${#open} + ${#closed} == 0 )); then
    _files
    return
  fi
  (( ${#open} )) && compadd -l -S '' -d open_shown -a open
  (( ${#closed} )) && compadd -l -d closed_shown -a closed
  return 0
}
if [[ ${funcstack[1]} == _mlrun ]]; then
  _mlrun "$@"
else
  compdef _mlrun mlrun
fi
)";

constexpr const char* kFish = R"(# mlrun completion for fish:  mlrun completion fish | source
function __mlrun_complete
    set -l words (commandline -opc)
    set -l current (string replace -r '^[\'"]' '' -- (commandline -ct))
    set -l program $words[1]
    set -e words[1]
    set -l found ($program __complete -- $words "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c mlrun -f -a '(__mlrun_complete)'
)";

}  // namespace

void add_completion(Command& command, const Globals&) {
  auto shell = std::make_shared<std::string>();
  set_examples(command,
               "source <(mlrun completion bash)           # in ~/.bashrc\n"
               "source <(mlrun completion zsh)            # in ~/.zshrc, after compinit\n"
               "mlrun completion fish > ~/.config/fish/completions/mlrun.fish");
  command.add_option("SHELL", *shell, "bash, zsh or fish")->required()->one_of({"bash", "zsh", "fish"});
  command.callback([shell] { fmt::print("{}", *shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish); });
}

}  // namespace mlrun::cli
