#include "runs/run_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/newer_version.hpp"

namespace mlrun {
namespace {

using io::Record;

template <std::string RunSummary::*kMember>
Record text(const RunSummary& run) {
  return run.*kMember;
}
template <std::string RunSummary::*kMember>
void take_text(RunSummary& run, const Record& value) {
  run.*kMember = value.get<std::string>();
}
template <double RunSummary::*kMember>
Record real(const RunSummary& run) {
  return run.*kMember;
}
template <int64_t RunSummary::*kMember>
Record integer(const RunSummary& run) {
  return run.*kMember;
}
template <int64_t RunSummary::*kMember>
void take_integer(RunSummary& run, const Record& value) {
  run.*kMember = value.get<int64_t>();
}
void leave(RunSummary&, const Record&) {}

// In the order of JSON. What follows from the rows of the journal has no name in its records.
constexpr std::array<RunFact, 33> kFacts = {{
    {"run", "", "", "", text<&RunSummary::path>, leave},
    {"id", "id", "run_id", "", text<&RunSummary::id>, leave},  // the directory's name is what counts
    {"status", "", "status", "", [](const RunSummary& r) { return Record(name_of(r.status)); }, leave},
    {"reason", "", "", "", text<&RunSummary::reason>, leave},
    {"model", "model", "", "", text<&RunSummary::model>, take_text<&RunSummary::model>},
    {"step", "", "", "steps", integer<&RunSummary::step>, leave},
    {"epoch", "", "", "epochs", real<&RunSummary::epoch>, leave},
    {"valid_nll", "", "", "nats", real<&RunSummary::best_nll>, leave},
    {"valid_bpd", "", "", "bits/dim", real<&RunSummary::best_bpd>, leave},
    {"valid_accuracy", "", "", "1", real<&RunSummary::best_accuracy>, leave},
    {"best_step", "", "", "steps", integer<&RunSummary::best_step>, leave},
    {"last_nll", "", "", "nats", real<&RunSummary::last_nll>, leave},
    {"nll_of", "nll_of", "", "", [](const RunSummary& r) { return Record(words_of(r.nll_of)); },
     [](RunSummary& r, const Record& value) { r.nll_of = subject_of_words(value.get<std::string>()); }},
    {"seconds", "", "", "s", real<&RunSummary::seconds>, leave},
    {"cpu_seconds", "", "", "s", real<&RunSummary::cpu_seconds>, leave},
    {"protocol", "protocol", "", "", text<&RunSummary::protocol>, take_text<&RunSummary::protocol>},
    {"data_hash", "data_hash", "", "", text<&RunSummary::data_hash>, take_text<&RunSummary::data_hash>},
    {"fingerprint", "fingerprint", "fingerprint", "", text<&RunSummary::fingerprint>,
     take_text<&RunSummary::fingerprint>},
    {"name", "name", "", "", text<&RunSummary::name>, take_text<&RunSummary::name>},
    {"group", "group", "", "", [](const RunSummary& r) { return Record(r.groups.empty() ? "" : r.groups[0]); },
     [](RunSummary& r, const Record& value) { add_word(r.groups, value.get<std::string>()); }},
    {"groups", "", "", "", [](const RunSummary& r) { return Record(r.groups); }, leave},
    {"tags", "tags", "", "", [](const RunSummary& r) { return Record(r.tags); },
     [](RunSummary& r, const Record& value) {
       for (const std::string& tag : value.get<std::vector<std::string>>()) add_word(r.tags, tag);
     }},
    {"notes", "note", "", "", [](const RunSummary& r) { return Record(r.notes); },
     [](RunSummary& r, const Record& value) { r.notes.push_back(value.get<std::string>()); }},
    {"total_steps", "total_steps", "", "steps", integer<&RunSummary::total_steps>,
     take_integer<&RunSummary::total_steps>},
    {"threads", "threads", "", "", integer<&RunSummary::threads>, take_integer<&RunSummary::threads>},
    {"origin", "origin", "", "", [](const RunSummary& r) { return r.origin; },
     [](RunSummary& r, const Record& value) { r.origin = value; }},
    {"exact", "", "exact", "", [](const RunSummary& r) { return Record(r.history.empty()); }, leave},
    {"history", "history", "", "", [](const RunSummary& r) { return history_record(r.history); },
     [](RunSummary& r, const Record& value) { r.history = history_of(value); }},
    {"created", "created", "created", "", text<&RunSummary::created>, take_text<&RunSummary::created>},
    {"", "lineage", "", "", text<&RunSummary::lineage>, take_text<&RunSummary::lineage>},
    {"", "train_examples", "", "", integer<&RunSummary::train_examples>, take_integer<&RunSummary::train_examples>},
    {"", "best", "", "", text<&RunSummary::best_by>, take_text<&RunSummary::best_by>},
    {"version", "version", "", "", text<&RunSummary::version>, take_text<&RunSummary::version>},
}};

// In which order a journal says them.
constexpr const char* kJournalOrder[] = {
    "id",      "created",   "name",     "group",  "tags", "model",          "fingerprint", "lineage", "origin",
    "history", "data_hash", "protocol", "nll_of", "best", "train_examples", "total_steps", "threads", "version"};

// And run.h5.
constexpr const char* kAttributeOrder[] = {"run_id", "status", "fingerprint", "created", "exact"};

const RunFact& fact_of(const char* RunFact::*column, const std::string& name) {
  return *std::find_if(kFacts.begin(), kFacts.end(), [&](const RunFact& fact) { return fact.*column == name; });
}

}  // namespace

std::string status_words(const RunSummary& run) {
  const std::string words = name_of(run.status);
  if (is_newer_version(run.version)) return fmt::format("{} (mlrun {})", words, run.version);
  if (run.status != RunStatus::kFinished) return words;
  if (run.reason.find("train.patience") != std::string::npos) return words + " (patience)";
  return run.total_steps == 0 && !run.version.empty() ? words + " (time)" : words;
}

double seconds_to_go(const RunSummary& run) {
  if (run.total_steps == 0 || run.step == 0) return RunSummary::kMissing;
  return run.seconds / static_cast<double>(run.step) *
         static_cast<double>(std::max<int64_t>(0, run.total_steps - run.step));
}

std::span<const RunFact> run_facts() { return kFacts; }

Record identity_record(const RunSummary& run) {
  Record record;
  for (const char* name : kJournalOrder) record[name] = fact_of(&RunFact::journal, name).value(run);
  return record;
}

void take_identity(const Record& record, RunSummary& run) {
  for (const RunFact& fact : kFacts) {
    if (*fact.journal != 0 && record.contains(fact.journal)) fact.take(run, record[fact.journal]);
  }
}

void write_attributes(io::Hdf5Writer& file, const RunSummary& run) {
  for (const char* name : kAttributeOrder) {
    const Record value = fact_of(&RunFact::attribute, name).value(run);
    if (value.is_boolean()) file.attribute("/", name, value.get<bool>() ? 1 : 0);
    else file.attribute("/", name, value.get<std::string>());
  }
}

bool has_word(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void add_word(std::vector<std::string>& words, const std::string& word) {
  if (!word.empty() && !has_word(words, word)) words.push_back(word);
}

}  // namespace mlrun
