// The facts of a run: one table, by which journal, run.h5 and JSON say the same.
#include <cmath>
#include <fstream>
#include <set>
#include <string>

#include "base/version.hpp"
#include "catch.hpp"
#include "io/journal.hpp"
#include "runs/find_run.hpp"
#include "runs/metrics.hpp"
#include "runs/run_json.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// Every field has a value of its own.
RunSummary full_summary() {
  RunSummary run;
  run.path = "/runs/r";
  run.id = "r";
  run.status = RunStatus::kStopped;
  run.fingerprint = "f1";
  run.lineage = "l1";
  run.name = "n1";
  run.model = "made";
  run.protocol = "static";
  run.data_hash = "d1";
  run.created = "2026-11-30T00:00:00.000Z";
  run.nll_of = NllSubject::kXGivenY;
  run.groups = {"g1"};
  run.tags = {"t1", "t2"};
  run.history = {{0, 4, "before", "", "why"}};
  run.origin = {{"checkpoint", "c"}, {"run", "o"}, {"step", 3}, {"sha256", "s"}};
  run.version = "0.1.0";
  run.best_by = "valid/accuracy";
  return run;
}

}  // namespace

TEST_CASE("what the journal says at the beginning of a run is read back whole") {
  const RunSummary run = full_summary();
  const io::Record record = identity_record(run);
  RunSummary back;
  take_identity(record, back);
  back.id = run.id;  // the directory's name is what counts
  CHECK(identity_record(back) == record);
  // The order in which earlier versions wrote them, and before the version what came later.
  std::string keys;
  for (const auto& [key, value] : record.items()) keys += key + " ";
  CHECK(keys ==
        "id created name group tags model fingerprint lineage origin history data_hash protocol nll_of best "
        "train_examples total_steps threads version ");
}

TEST_CASE("every fact has a name of its own, and JSON has those it always had, in their order") {
  std::set<std::string> journal, json, attributes;
  std::string keys;
  for (const RunFact& fact : run_facts()) {
    CHECK((*fact.json != 0 || *fact.journal != 0));
    if (*fact.json != 0) CHECK(json.insert(fact.json).second);
    if (*fact.journal != 0) CHECK(journal.insert(fact.journal).second);
    if (*fact.attribute != 0) CHECK(attributes.insert(fact.attribute).second);
    const io::Record value = fact.value(full_summary());
    if (*fact.unit != 0) CHECK((value.is_number() || value.is_null()));
  }
  const nlohmann::ordered_json all = run_json(full_summary());  // items() of a temporary would dangle
  for (const auto& [key, value] : all.items()) keys += key + " ";
  CHECK(keys ==
        "run id status reason model step epoch valid_nll valid_bpd valid_accuracy best_step last_nll nll_of seconds "
        "cpu_seconds protocol "
        "data_hash fingerprint name group groups tags notes total_steps threads origin exact history created version ");
  CHECK(attributes == std::set<std::string>{"run_id", "status", "fingerprint", "created", "exact"});
}

TEST_CASE("journal, run.h5 and JSON of a real run say the same facts") {
  const TemporaryDirectory root;
  train_in(root / "run", spec_of("{kind: fvsbn}", 3), 1, 2);
  const nlohmann::ordered_json json = run_json(summarise_run(root / "run"));
  const io::Record begun = io::read_journal(root / "run/metrics.jsonl").records.front();
  const io::Hdf5Reader file = io::open_hdf5(root / "run/run.h5", 1 << 30, ExitCode::kData);
  CHECK(json["status"] == "stopped");
  for (const RunFact& fact : run_facts()) {
    INFO(fact.json << " " << fact.journal << " " << fact.attribute);
    const bool later = std::string(fact.journal) == "note";  // notes come after the first record
    if (*fact.json != 0 && *fact.journal != 0 && !later) CHECK(json[fact.json].dump() == begun[fact.journal].dump());
    if (*fact.attribute == 0) continue;
    if (json[fact.json].is_boolean())
      CHECK(file.integer_attribute("/", fact.attribute) == (json[fact.json].get<bool>() ? 1 : 0));
    else CHECK(file.text_attribute("/", fact.attribute) == json[fact.json].get<std::string>());
  }
}

TEST_CASE("CPU time is in every row, goes on where a run goes on, and is unknown where a part was not measured") {
  const TemporaryDirectory root;
  const auto last_row = [&](const std::string& run) {
    double cpu = 0;
    for (const io::Record& record : io::read_journal(root / run + "/metrics.jsonl").records) {
      if (record.contains("table")) cpu = record.at("cpu_seconds").get<double>();
    }
    return cpu;
  };
  const std::string spec = spec_of("{kind: fvsbn}", 9);
  train_in(root / "run", spec, 1, 5);
  const double first = summarise_run(root / "run").cpu_seconds;
  CHECK(first > 0);
  CHECK(last_row("run") <= first);
  train_in(root / "run", spec, 1, 0);
  CHECK(summarise_run(root / "run").cpu_seconds > last_row("run") * 0.999);
  CHECK(last_row("run") > 0);
  const io::Hdf5Reader file = io::open_hdf5(root / "run/run.h5", 1 << 30, ExitCode::kData);
  CHECK(file.text_attribute("metrics/train/cpu_seconds", "units") == "s");
  CHECK(file.text_attribute("env", "numerics") == std::to_string(kNumericsVersion));
  CHECK(file.has_attribute("env", "commit"));

  // A journal of before there was such a column.
  train_in(root / "old", spec, 1, 5);
  const io::JournalContents journal = io::read_journal(root / "old/metrics.jsonl");
  {
    std::ofstream out(root / "old/metrics.jsonl");
    for (io::Record record : journal.records) {
      record.erase("cpu_seconds");
      out << record.dump() << "\n";
    }
  }
  CHECK(std::isnan(summarise_run(root / "old").cpu_seconds));
  train_in(root / "old", spec, 1, 0);
  CHECK(std::isnan(summarise_run(root / "old").cpu_seconds));
  CHECK(run_json(summarise_run(root / "old"))["seconds"].get<double>() > 0);
}

TEST_CASE("statuses and subjects of NLLs are words in files and nothing else, and unknown words are told") {
  for (const std::string& name : status_names()) CHECK(name_of(status_of_name(name).value()) == name);
  CHECK_FALSE(status_of_name("sleeping"));
  for (const NllSubject subject : {NllSubject::kX, NllSubject::kXAndY, NllSubject::kXGivenY, NllSubject::kYGivenX,
                                   NllSubject::kAnswer, NllSubject::kXGivenCodes, NllSubject::kXAtMost}) {
    CHECK(subject_of_words(words_of(subject)) == subject);
  }
  CHECK(subject_of_words("x and its future") == NllSubject::kUnknown);
  CHECK(is_of_stage_one(NllSubject::kXAtMost));
  CHECK_FALSE(is_of_stage_one(NllSubject::kX));
  CHECK(std::string(unit_of_metric("nll")) == "nats");
}
