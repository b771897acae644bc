#include "commands/runs/where.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/number.hpp"
#include "commands/runs/run_fields.hpp"

namespace mlrun {
namespace {

struct RunCondition {
  std::string text, field, op, value;
  std::optional<double> number;  // of the value, if it is one
};

std::string stripped(const std::string& text) {
  const size_t begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

RunCondition condition_of(const std::string& text) {
  const size_t at = text.find_first_of("<>=!~");
  RunCondition c{text, "", "", "", {}};
  if (at != std::string::npos) {
    const bool two = at + 1 < text.size() && text[at + 1] == '=' && text[at] != '~';
    c.op = text.substr(at, two ? 2 : 1);
    if (c.op == "==") c.op = "=";
    c.field = stripped(text.substr(0, at));
    c.value = stripped(text.substr(at + (two ? 2 : 1)));
  }
  if (c.field.empty() || c.op == "!" || c.op.empty())
    fail(ExitCode::kUsage, "--where '{}': expected FIELD OP VALUE, such as 'valid/nll < 90'; OP is < <= > >= = != or ~",
         text);
  c.number = parse_real(c.value);
  if (!c.number && c.op.find_first_of("<>") != std::string::npos)
    fail(ExitCode::kUsage, "--where '{}': '{}' is no number, and {} orders numbers only", text, c.value, c.op);
  return c;
}

bool holds(const RunCondition& c, const std::string& found) {
  const auto number = parse_real(found);
  if (c.op == "~") return found.find(c.value) != std::string::npos;
  if (c.number && number) {
    if (c.op == "<") return *number < *c.number;
    if (c.op == "<=") return *number <= *c.number;
    if (c.op == ">") return *number > *c.number;
    if (c.op == ">=") return *number >= *c.number;
    return (*number == *c.number) == (c.op == "=");
  }
  if (c.op == "=" || c.op == "!=") return (found == c.value) == (c.op == "=");
  return false;
}

bool fits(const RunCondition& c, const std::vector<std::string>& values) {
  if (c.op == "!=") return std::all_of(values.begin(), values.end(), [&](const auto& v) { return holds(c, v); });
  return std::any_of(values.begin(), values.end(), [&](const auto& v) { return holds(c, v); });
}

std::vector<RunSummary> fitting(const std::vector<RunSummary>& runs, const std::vector<RunCondition>& conditions) {
  RunFields fields(runs);
  std::vector<bool> fit(runs.size(), true);
  for (const RunCondition& c : conditions) {
    fields.require(c.field, fmt::format("--where '{}'", c.text));
    for (size_t i = 0; i < runs.size(); ++i) fit[i] = fit[i] && fits(c, fields.values(i, c.field));
  }
  std::vector<RunSummary> chosen;
  for (size_t i = 0; i < runs.size(); ++i)
    if (fit[i]) chosen.push_back(runs[i]);
  return chosen;
}

}  // namespace

// Facts first: they are known, and then fewer specs and journals are read.
std::vector<RunSummary> runs_where(const std::vector<RunSummary>& runs, const std::vector<std::string>& conditions) {
  std::vector<RunCondition> of_facts, of_files;
  for (const std::string& text : conditions) {
    const RunCondition c = condition_of(text);
    (has_word(run_fact_names(), c.field) ? of_facts : of_files).push_back(c);
  }
  if (conditions.empty()) return runs;
  const std::vector<RunSummary> rest = of_facts.empty() ? runs : fitting(runs, of_facts);
  return of_files.empty() ? rest : fitting(rest, of_files);
}

std::vector<RunSummary> some_runs_where(const std::vector<RunSummary>& runs,
                                        const std::vector<std::string>& conditions) {
  std::vector<RunSummary> fitting = runs_where(runs, conditions);
  if (fitting.empty() && !runs.empty())
    fail(ExitCode::kUsage, "none of {} run{} fits --where", runs.size(), runs.size() == 1 ? "" : "s");
  return fitting;
}

}  // namespace mlrun
