#include "commands/runs/where.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "experiment/experiment.hpp"

namespace mlrun {
namespace {

struct RunCondition {
  std::string text, field, op, value;
  std::optional<double> number;  // of the value, if it is one
};

const std::vector<std::string>& facts_of_runs() {
  static const std::vector<std::string> names = {
      "valid/nll", "valid/bpd", "valid/accuracy", "last/nll", "step", "epoch",    "minutes", "status",  "model",
      "id",        "name",      "group",          "tag",      "note", "protocol", "data",    "created", "exact"};
  return names;
}

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

std::string number_text(double value) { return std::isnan(value) ? "" : print_number(value); }

// What a run has of one of the facts above; nothing for what it does not have.
std::vector<std::string> values_of_fact(const RunSummary& run, const std::string& field) {
  const auto one = [](const std::string& text) {
    return text.empty() ? std::vector<std::string>() : std::vector<std::string>{text};
  };
  if (field == "valid/nll") return one(number_text(run.best_nll));
  if (field == "valid/bpd") return one(number_text(run.best_bpd));
  if (field == "valid/accuracy") return one(number_text(run.best_accuracy));
  if (field == "last/nll") return one(number_text(run.last_nll));
  if (field == "step") return one(print_number(run.step));
  if (field == "epoch") return one(number_text(run.epoch));
  if (field == "minutes") return one(number_text(run.seconds / 60));
  if (field == "status") return one(name_of(run.status));
  if (field == "model") return one(run.model);
  if (field == "id") return one(run.id);
  if (field == "name") return one(run.name);
  if (field == "group") return run.groups;
  if (field == "tag") return run.tags;
  if (field == "note") return run.notes;
  if (field == "protocol") return one(run.protocol);
  if (field == "data") return one(run.data_hash);
  if (field == "created") return one(run.created);
  return one(run.history.empty() ? "true" : "false");  // exact
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

using SpecValues = std::map<std::string, std::string>;

// Empty, with a word, where the spec cannot be read.
SpecValues spec_values_of(const RunSummary& run) {
  SpecValues values;
  try {
    const Experiment experiment = Experiment::load(run.path + "/resolved.yaml", {});
    for (const config::FieldRecord& field : experiment.fields())
      if (field.type != config::FieldType::kSection) values[field.path] = field.value;
  } catch (const Error& e) {
    const std::string reason = e.what();
    log::warning("{} fits no condition on its spec: {}", run.id, reason.substr(0, reason.find('\n')));
  }
  return values;
}

std::vector<RunSummary> where_spec(const std::vector<RunSummary>& runs, const std::vector<RunCondition>& conditions) {
  std::vector<RunSummary> fitting;
  std::map<std::string, bool> known;  // fields of the conditions: does any of the specs have it?
  std::vector<std::string> names = facts_of_runs();
  for (const RunSummary& run : runs) {
    const SpecValues values = spec_values_of(run);
    bool all = true;
    for (const RunCondition& c : conditions) {
      const auto found = values.find(c.field);
      known[c.field] = known[c.field] || found != values.end();
      all = all && fits(c, found == values.end() ? std::vector<std::string>() : std::vector{found->second});
    }
    if (all) fitting.push_back(run);
    for (const auto& [name, value] : values)
      if (names.size() < 400 && !has_word(names, name)) names.push_back(name);
  }
  for (const RunCondition& c : conditions) {
    if (runs.empty() || known[c.field]) continue;
    const auto nearest = nearest_name(c.field, names);
    std::string list;
    for (const std::string& name : facts_of_runs()) list += (list.empty() ? "" : ", ") + name;
    fail(ExitCode::kUsage, "--where '{}': no run has a field '{}'{}\n  there are   {}, and the fields of specs", c.text,
         c.field, nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", list);
  }
  return fitting;
}

}  // namespace

std::vector<RunSummary> runs_where(const std::vector<RunSummary>& runs, const std::vector<std::string>& conditions) {
  std::vector<RunCondition> of_spec;
  std::vector<RunSummary> fitting = runs;
  for (const std::string& text : conditions) {
    const RunCondition c = condition_of(text);
    if (has_word(facts_of_runs(), c.field))
      std::erase_if(fitting, [&](const RunSummary& run) { return !fits(c, values_of_fact(run, c.field)); });
    else of_spec.push_back(c);
  }
  return of_spec.empty() ? fitting : where_spec(fitting, of_spec);
}

std::vector<RunSummary> some_runs_where(const std::vector<RunSummary>& runs,
                                        const std::vector<std::string>& conditions) {
  std::vector<RunSummary> fitting = runs_where(runs, conditions);
  if (fitting.empty() && !runs.empty())
    fail(ExitCode::kUsage, "none of {} run{} fits --where", runs.size(), runs.size() == 1 ? "" : "s");
  return fitting;
}

}  // namespace mlrun
