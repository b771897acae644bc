// A likelihood is proved, and what only looks like one is found out.
#include "proof/prove.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "catch.hpp"
#include "faulty_model.hpp"
#include "models/battery.hpp"
#include "ranks/thread_ranks.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

using Checks = std::map<std::string, ProofCheck>;

Checks by_name(const std::vector<ProofCheck>& checks) {
  Checks all;
  for (const ProofCheck& c : checks) all[c.name] = c;
  REQUIRE(all.size() == checks.size());
  return all;
}

std::string failures(const Checks& checks) {
  std::string names;
  for (const auto& [name, check] : checks) names += check.pass ? "" : name + "; ";
  return names;
}

Checks prove_built(const Built& built, const DataSpec& data) {
  LanePool pool(2);
  return by_name(
      prove_model(built.autoregressive(), *built.parameters, random_batch(data, 20, 4), ProofOptions{}, pool));
}

Checks prove_fault(const std::string& fault, int64_t given = 0) {
  register_faulty_model();
  const DataSpec data = {.shape = {5, 5}, .alphabet = 2, .classes = 0, .given = given};
  return prove_built(build("faulty", data, {"fault=" + fault}), data);
}

}  // namespace

TEST_CASE("every registered model is proved to be a likelihood") {
  for (const Case& c : all_cases({3, 4})) {
    const Built built = build(c.kind, c.data, c.overrides);
    wander(built, c.data, 3);
    const Checks checks = prove_built(built, c.data);
    INFO(name_of(c));
    CHECK(failures(checks) == "");
    const size_t of_heads = built.autoregressive().heads() > 0 ? 1 : 0;
    CHECK(checks.size() == (c.data.alphabet == 2 ? 7 : 6) + of_heads);
    CHECK(checks.count("everything sums to 1") == (c.data.alphabet == 2 ? 1 : 0));  // 2^12 images, but not 3^12
  }
}

TEST_CASE("a model of grey levels is proved, whose continuations are of one step") {
  const DataSpec data = {.shape = {3, 3}, .alphabet = 256, .classes = 0};
  const Checks checks = prove_built(build("made", data, {"hidden=9", "masks=2"}), data);
  CHECK(failures(checks) == "");
  CHECK(checks.at("continuations sum to 1").finding.find("all 256") != std::string::npos);
}

TEST_CASE("where a look takes a pass for each step fewer are taken, and all of them with --full") {
  const DataSpec data = {.shape = {10, 12}, .alphabet = 2, .classes = 0};
  const Built built = build("ardm", data, {"channels=2", "blocks=1", "scales=1", "head=3"});
  CHECK(built.autoregressive().looks_of_parallel_view() == 120);
  const Checks checks = prove_built(built, data);
  CHECK(failures(checks) == "");
  CHECK(checks.at("no leak").finding.find("272 flips, 68 steps, evenly spread, of 4 images") != std::string::npos);
  CHECK(checks.at("continuations sum to 1").finding.find("all 64 continuations of 6 steps") != std::string::npos);
  const Built at_once = build("ardm", data, {"channels=2", "blocks=1", "scales=1", "head=3", "parallel=120"});
  CHECK(prove_built(at_once, data).at("no leak").finding.find("480 flips, each step of 4 images") != std::string::npos);
}

TEST_CASE("ranks that share the work come to the figures of one process, also of what fails") {
  register_faulty_model();
  const DataSpec classes = {.shape = {2, 4}, .alphabet = 2, .classes = 2}, plain = {.shape = {2, 4}, .alphabet = 2};
  struct Subject {
    std::string kind;
    DataSpec data;
    std::vector<std::string> options;
  };
  for (const Subject& s :
       std::vector<Subject>{{"made", classes, {"hidden=6", "masks=3", "condition=joint"}},
                            {"sequence", plain, {"width=4", "layers=1", "mixer.kind=gru", "heads.kind=medusa"}},
                            {"faulty", plain, {"fault=leak"}},
                            {"faulty", plain, {"fault=nll"}}}) {
    const Built built = build(s.kind, s.data, s.options);
    const Batch rows = random_batch(s.data, 20, 4);
    const auto proved = [&](Ranks& ranks, int threads) {
      LanePool pool(threads);
      return prove_model(built.autoregressive(), *built.parameters, rows, {.ranks = ranks}, pool);
    };
    const std::vector<ProofCheck> alone = proved(one_rank(), 2);
    for (int size = 2; size <= 4; ++size) {
      std::vector<std::vector<ProofCheck>> found(static_cast<size_t>(size));
      ThreadRanks::run(size, [&](Ranks& ranks) { found[static_cast<size_t>(ranks.rank())] = proved(ranks, 1); });
      INFO(s.kind << " " << s.options.back() << ", " << size << " ranks");
      for (const std::vector<ProofCheck>& checks : found) {
        REQUIRE(checks.size() == alone.size());
        for (size_t i = 0; i < alone.size(); ++i) {
          CHECK(checks[i].name == alone[i].name);
          CHECK(checks[i].pass == alone[i].pass);
          CHECK(checks[i].figure == alone[i].figure);
          CHECK(checks[i].limit == alone[i].limit);
          CHECK(checks[i].finding == alone[i].finding);
        }
      }
    }
  }
}

TEST_CASE("the model of the faults below passes without its fault") { CHECK(failures(prove_fault("none")) == ""); }

TEST_CASE("one logit that sees one later pixel is found, and named") {
  const Checks checks = prove_fault("leak");
  const ProofCheck& leak = checks.at("no leak");
  CHECK_FALSE(leak.pass);
  CHECK(leak.figure == 4);  // one flip in each of four images
  INFO(leak.finding);
  CHECK(leak.finding.find("the logit of step 12 (position 12) changed when the symbol of step 13") !=
        std::string::npos);
}

TEST_CASE("a logit that sees the other images of the batch is found") {
  CHECK_FALSE(prove_fault("batch").at("no leak").pass);
}

TEST_CASE("a step view that differs from the parallel view by 0.01 at one step is found") {
  const Checks checks = prove_fault("step");
  CHECK(failures(checks) == "parallel == step; ");
  CHECK(checks.at("parallel == step").figure == Approx(0.01).epsilon(0.9));
  CHECK(checks.at("parallel == step").finding.find("at step 2") != std::string::npos);
}

TEST_CASE("views have to agree over an answer, and not over the question, of which there is no law") {
  CHECK(failures(prove_fault("step", 2)) == "parallel == step; ");  // the step that differs is the answer's first
  CHECK(failures(prove_fault("step", 3)).find("parallel == step") == std::string::npos);
}

TEST_CASE("an nll() that is a tenth too small is found three times") {
  const Checks checks = prove_fault("nll");
  CHECK_FALSE(checks.at("nll == logits").pass);
  CHECK_FALSE(checks.at("entropy of samples").pass);
  register_faulty_model();
  const DataSpec small = {.shape = {2, 4}, .alphabet = 2, .classes = 0};
  const Checks whole = prove_built(build("faulty", small, {"fault=nll"}), small);
  CHECK_FALSE(whole.at("everything sums to 1").pass);
  CHECK(whole.at("everything sums to 1").figure > 0.1);
}

TEST_CASE("logits that are not finite are counted, and nothing else is believed") {
  register_faulty_model();
  const DataSpec data = {.shape = {3, 3}, .alphabet = 2, .classes = 0};
  const Built built = build("faulty", data, {});
  built.parameters->flat().data<float>()[4] = std::nanf("");
  const Checks checks = prove_built(built, data);
  CHECK_FALSE(checks.at("finite logits").pass);
  CHECK(checks.at("finite logits").figure > 0);
  CHECK_FALSE(checks.at("nll == logits").pass);
  CHECK_FALSE(checks.at("continuations sum to 1").pass);
  CHECK_FALSE(checks.at("entropy of samples").pass);
}

TEST_CASE("components are checked from the first to the last, evenly spread") {
  CHECK(components_to_check(1, 4) == std::vector<int64_t>{0});
  CHECK(components_to_check(3, 4) == std::vector<int64_t>{0, 1, 2});
  CHECK(components_to_check(32, 4) == std::vector<int64_t>{0, 10, 20, 31});
  CHECK(components_to_check(5, 1) == std::vector<int64_t>{0});
}

TEST_CASE("a trained run is proved, a leaking one is not, and the floor of its data is computed from its grey levels") {
  register_faulty_model();
  const TemporaryDirectory root;
  for (const std::string fault : {"none", "leak", "scale"}) {
    const std::string spec =
        "data: {kind: digits, binarization: dynamic, train_limit: 60, valid_limit: 20, "
        "test_limit: 30}\nmodel: {kind: faulty, fault: " +
        fault +
        "}\ntrain: {for: 3 steps, batch_size: 20}\n"
        "eval: {every: 3 steps, samples: 0}\ncompute: {lanes: 2}\n";
    REQUIRE(train_in(root / fault, spec).status == RunStatus::kFinished);
    ProveRequest request;
    request.selector = root / fault;
    request.threads = 2;
    const ProveOutcome proof = prove(request);
    const Checks checks = by_name(proof.checks);
    INFO(fault << ": " << failures(checks));
    CHECK(proof.pass() == (fault == "none"));
    CHECK(checks.at("no leak").pass == (fault != "leak"));
    const ProofCheck& floor = checks.at("above the data floor");
    CHECK(floor.limit > 1);
    CHECK(floor.limit < 200);
    CHECK(floor.pass == (fault != "scale"));
    if (!floor.pass) CHECK(floor.finding.find("before they are thrown") != std::string::npos);
  }
}

TEST_CASE("without its data a model is proved on its own samples, and the floor is left out") {
  const TemporaryDirectory root;
  for (const std::string split : {"train", "valid", "test"}) {
    std::ofstream file(root / (split + ".amat"));
    for (int i = 0; i < 12; ++i) file << i % 2 << " " << i % 3 / 2 << " 1 0 1 " << i / 2 % 2 << "\n";
  }
  const std::string spec = "data: {kind: table, train: " + (root / "train.amat") + ", valid: " + (root / "valid.amat") +
                           ", test: " + (root / "test.amat") +
                           "}\nmodel: {kind: made, hidden: [6]}\ntrain: {for: 3 steps, batch_size: 4}\n"
                           "eval: {every: 3 steps, samples: 0}\ncompute: {lanes: 2}\n";
  REQUIRE(train_in(root / "run", spec).status == RunStatus::kFinished);
  ProveRequest request;
  request.selector = root / "run";
  request.threads = 1;
  CHECK(by_name(prove(request).checks).at("above the data floor").limit == 0);
  std::filesystem::remove(root / "test.amat");
  const ProveOutcome proof = prove(request);
  CHECK(proof.pass());
  CHECK(proof.no_data.find("test.amat") != std::string::npos);
  CHECK(by_name(proof.checks).count("above the data floor") == 0);
}
