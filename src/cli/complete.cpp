// mlrun __complete: what the scripts of `mlrun completion` ask.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/parse/candidates.hpp"
#include "cli/parse/split_line.hpp"

namespace mlrun::cli {
namespace {

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

}  // namespace

void add_complete(Command& command, const Globals&) {
  auto request = std::make_shared<Request>();
  command.add_option("WORDS", request->words, "the words so far, the last one to be completed")->may_be_empty();
  Option* line =
      command.add_option("--line", request->line, "the command line up to the cursor, as bash has it")->may_be_empty();
  command.add_option("--breaks", request->breaks, "characters at which bash cuts words")->may_be_empty();
  command.callback([&command, request, line] {
    request->has_line = line->given();
    answer(command.program(), *request);
  });
}

}  // namespace mlrun::cli
