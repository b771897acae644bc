#include "commands/runs/run_fields.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "commands/runs/show.hpp"
#include "experiment/experiment.hpp"
#include "runs/metrics.hpp"

namespace mlrun {
namespace {

using Texts = std::vector<std::string>;

Texts text_of(const std::string& text) { return text.empty() ? Texts() : Texts{text}; }
Texts number_of(double value) { return std::isnan(value) ? Texts() : Texts{print_number(value)}; }
Texts number_of(int64_t value) { return {print_number(value)}; }
Texts known_number(int64_t value) { return value > 0 ? number_of(value) : Texts(); }  // 0: not measured

struct NamedFact {
  const char* name;
  Texts (*of)(const RunSummary& run);
  RunFields::Kind kind = RunFields::Kind::kNumber;
};

const std::vector<NamedFact>& run_facts_by_name() {
  using Run = RunSummary;
  static const std::vector<NamedFact> facts = {
      {"valid/nll", [](const Run& r) { return number_of(r.best_nll); }},
      {"valid/bpd", [](const Run& r) { return number_of(r.best_bpd); }},
      {"valid/accuracy", [](const Run& r) { return number_of(r.best_accuracy); }},
      {"last/nll", [](const Run& r) { return number_of(r.last_nll); }},
      {"step", [](const Run& r) { return number_of(r.step); }},
      {"total_steps", [](const Run& r) { return known_number(r.total_steps); }},
      {"best_step", [](const Run& r) { return known_number(r.best_step); }},
      {"epoch", [](const Run& r) { return number_of(r.epoch); }},
      {"minutes", [](const Run& r) { return number_of(r.seconds / 60); }},
      {"cpu_minutes", [](const Run& r) { return number_of(r.cpu_seconds / 60); }},
      {"status", [](const Run& r) { return text_of(name_of(r.status)); }, RunFields::Kind::kText},
      {"reason", [](const Run& r) { return text_of(r.reason); }, RunFields::Kind::kText},
      {"model", [](const Run& r) { return text_of(r.model); }, RunFields::Kind::kText},
      {"id", [](const Run& r) { return text_of(r.id); }, RunFields::Kind::kText},
      {"name", [](const Run& r) { return text_of(r.name); }, RunFields::Kind::kText},
      {"group", [](const Run& r) { return r.groups; }, RunFields::Kind::kTexts},
      {"tag", [](const Run& r) { return r.tags; }, RunFields::Kind::kTexts},
      {"note", [](const Run& r) { return r.notes; }, RunFields::Kind::kTexts},
      {"protocol", [](const Run& r) { return text_of(r.protocol); }, RunFields::Kind::kText},
      {"data", [](const Run& r) { return text_of(r.data_hash); }, RunFields::Kind::kText},
      {"created", [](const Run& r) { return text_of(r.created); }, RunFields::Kind::kText},
      {"exact", [](const Run& r) { return text_of(r.history.empty() ? "true" : "false"); }},
      {"version", [](const Run& r) { return text_of(r.version); }, RunFields::Kind::kText}};
  return facts;
}

const NamedFact* fact_named(const std::string& name) {
  const auto& facts = run_facts_by_name();
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const NamedFact& f) { return name == f.name; });
  return found == facts.end() ? nullptr : &*found;
}

bool is_test_result(const std::string& field) { return field == "test/nll" || field == "test/bpd"; }
bool is_metric(const std::string& field) { return field.find('/') != std::string::npos; }

}  // namespace

const std::vector<std::string>& run_fact_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedFact& fact : run_facts_by_name()) all.emplace_back(fact.name);
    all.insert(all.begin() + 4, {"test/nll", "test/bpd"});
    return all;
  }();
  return names;
}

RunFields::Kind RunFields::kind_of(const std::string& field) {
  const NamedFact* fact = fact_named(field);
  return fact ? fact->kind : is_metric(field) ? Kind::kNumber : Kind::kYaml;
}

const SpecTable& RunFields::specs() {
  if (specs_) return *specs_;
  specs_.emplace();
  for (const RunSummary& run : runs_) {
    config::Fields fields;
    try {
      fields = Experiment::load(run.path + "/resolved.yaml", {}).fields();
    } catch (const Error& e) {
      const std::string reason = e.what();
      log::warning("{} has no fields of a spec here: {}", run.id, reason.substr(0, reason.find('\n')));
    }
    specs_->add(fields);
  }
  return *specs_;
}

const std::map<std::string, double>& RunFields::metrics(size_t run) {
  const auto [found, is_new] = metrics_.try_emplace(run);
  if (!is_new) return found->second;
  const RunSummary& summary = runs_[run];
  for (const auto& [table, metrics] : metric_tables(io::read_journal(summary.path + "/metrics.jsonl"))) {
    const auto steps = metrics.columns().find("step");
    size_t row = static_cast<size_t>(metrics.rows()) - 1;
    if (table == "valid" && steps != metrics.columns().end()) {
      const auto best = std::find(steps->second.begin(), steps->second.end(), static_cast<double>(summary.best_step));
      if (best != steps->second.end()) row = static_cast<size_t>(best - steps->second.begin());
    }
    for (const auto& [column, values] : metrics.columns()) found->second[table + "/" + column] = values[row];
  }
  return found->second;
}

const std::map<std::string, double>& RunFields::tests(size_t run) {
  const auto [found, is_new] = tests_.try_emplace(run);
  if (!is_new) return found->second;
  if (const auto test = kept_test(runs_[run])) found->second = {{"test/nll", test->nll}, {"test/bpd", test->bpd}};
  return found->second;
}

std::vector<std::string> RunFields::values(size_t run, const std::string& field) {
  if (const NamedFact* fact = fact_named(field)) return fact->of(runs_[run]);
  if (is_metric(field)) {
    const auto& numbers = is_test_result(field) ? tests(run) : metrics(run);
    const auto number = numbers.find(field);
    return number == numbers.end() ? Texts() : number_of(number->second);
  }
  const SpecTable::Column* column = specs().find(field);
  return column ? text_of(column->at(run)) : Texts();
}

void RunFields::require(const std::string& field, const std::string& place) {
  if (runs_.empty() || fact_named(field) || is_test_result(field)) return;
  std::vector<std::string> names = run_fact_names();
  if (is_metric(field)) {
    std::set<std::string> known;
    for (size_t run = 0; run < runs_.size(); ++run) {
      for (const auto& [name, value] : metrics(run)) known.insert(name);
      if (known.contains(field)) return;
    }
    names.insert(names.end(), known.begin(), known.end());
  } else {
    if (specs().find(field)) return;
    const std::vector<std::string> paths = specs().paths();
    names.insert(names.end(), paths.begin(), paths.end());
  }
  const auto nearest = nearest_name(field, names);
  fail(ExitCode::kUsage,
       "{}: no run has a field '{}'{}\n  there are   {}, metrics such as train/nll, and fields of specs", place, field,
       nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", fmt::join(run_fact_names(), ", "));
}

}  // namespace mlrun
