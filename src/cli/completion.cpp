// mlrun completion: scripts for the shells, which ask the hidden `mlrun __complete` at every key press.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/parse/candidates.hpp"
#include "cli/parse/split_line.hpp"

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

struct Request {
  std::vector<std::string> words;
  std::string line, breaks;
  bool has_line = false;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(" \t\\'\"`$&|;<>()[]{}*?!#~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// One per line: the piece that bash puts in place of what it takes for the current word.
void answer_bash(const CLI::App& root, const Request& request) {
  SplitLine split = split_line(request.line);
  const std::string current = split.words.back();
  split.words.erase(split.words.begin());  // the program
  if (split.words.empty()) return;
  size_t kept = 0;
  for (size_t i = 0; i < current.size() && !(split.quoted && i >= split.quote_start); ++i) {
    const char c = current[i];
    if ((c == '=' || c == ':') && request.breaks.find(c) != std::string::npos) kept = i + 1;
  }
  if (split.quoted) kept = split.quote_start;
  for (const Candidate& c : candidates(root, split.words)) {
    const std::string piece = c.text.substr(std::min(kept, c.text.size()));
    fmt::print("{}\n", split.quoted ? piece : escaped(piece));
  }
}

void answer(const CLI::App& root, const Request& request) {
  if (request.has_line) {
    answer_bash(root, request);
    return;
  }
  for (const Candidate& c : candidates(root, request.words))
    fmt::print("{}{}{}\n", c.text, c.description.empty() ? "" : "\t", c.description);
}

void add_complete(Command& app) {
  Command* hidden = app.add_subcommand("__complete", "candidates for the word under the cursor");
  hidden->hide();
  auto request = std::make_shared<Request>();
  hidden->add_option("WORDS", request->words, "the words so far, the last one to be completed");
  Option* line = hidden->add_option("--line", request->line, "the command line up to the cursor, as bash has it");
  hidden->add_option("--breaks", request->breaks, "characters at which bash cuts words");
  hidden->callback([&app, request, line] {
    request->has_line = line->given();
    answer(app.app(), *request);
  });
}

void add(Command& app, const Globals&) {
  Command* sub = app.add_subcommand("completion", "print a script that completes commands, options, fields and runs");
  auto shell = std::make_shared<std::string>();
  set_examples(*sub,
               "source <(mlrun completion bash)           # in ~/.bashrc\n"
               "source <(mlrun completion zsh)            # in ~/.zshrc, after compinit\n"
               "mlrun completion fish > ~/.config/fish/completions/mlrun.fish");
  sub->add_option("SHELL", *shell, "bash, zsh or fish")->required()->one_of({"bash", "zsh", "fish"});
  sub->callback([shell] { fmt::print("{}", *shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish); });
  add_complete(app);
}

[[maybe_unused]] const bool registered = register_command(95, add);

}  // namespace
}  // namespace mlrun::cli
