// Files that an earlier mlrun wrote (tests/fixtures/old/README.md): they load, evaluate to the numbers that it found, and
// its run goes on to the end that it would have come to.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "catch.hpp"
#include "commands/eval/eval.hpp"
#include "commands/runs/readable_runs.hpp"
#include "commands/runs/show_layout.hpp"
#include "experiment/checkpoint.hpp"
#include "io/checkpoint_file.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;
using Catch::Contains;

namespace {

std::string fixtures() { return std::string(std::getenv("MLRUN_SOURCE_DIR")) + "/tests/fixtures/old"; }

// The data of the files are found while it lives.
class DataRoot {
 public:
  DataRoot() : before_(std::getenv("MLRUN_DATA_ROOT") ? std::getenv("MLRUN_DATA_ROOT") : "") {
    ::setenv("MLRUN_DATA_ROOT", fixtures().c_str(), 1);
  }
  ~DataRoot() {
    if (before_.empty()) ::unsetenv("MLRUN_DATA_ROOT");
    else ::setenv("MLRUN_DATA_ROOT", before_.c_str(), 1);
  }
  DataRoot(const DataRoot&) = delete;
  DataRoot& operator=(const DataRoot&) = delete;

 private:
  std::string before_;
};

double nll_of(const std::string& selector, std::optional<int64_t> orders = {}) {
  EvalRequest request;
  request.selector = selector;
  request.which = "last";
  request.orders = orders;
  return evaluate_checkpoint(request).result.nll;
}

bool holds(const std::string& checkpoint, const std::string& path) { return io::open_checkpoint(checkpoint).has(path); }

}  // namespace

TEST_CASE("checkpoints of an earlier mlrun are evaluated to its numbers") {
  const DataRoot data;
  const TemporaryDirectory root;
  std::filesystem::copy(fixtures() + "/made", root / "made", std::filesystem::copy_options::recursive);
  std::filesystem::create_directory(root / "made/evals");
  CHECK(nll_of(root / "made") == Approx(7.967799227601875).epsilon(1e-6));
  CHECK(nll_of(fixtures() + "/eonade.h5") == Approx(8.49630694585075).epsilon(1e-6));
  CHECK(nll_of(fixtures() + "/eonade.h5", 3) == Approx(8.447147740360021).epsilon(1e-6));
}

TEST_CASE("a run of an earlier mlrun is told as it was, and goes on to where it would have come") {
  const DataRoot data;
  const TemporaryDirectory root;
  const std::string run = root / "made";
  std::filesystem::copy(fixtures() + "/made", run, std::filesystem::copy_options::recursive);
  const RunSummary before = summarise_run(run);
  CHECK(before.status == RunStatus::kStopped);
  CHECK(before.model == "made");
  CHECK(before.nll_of == NllSubject::kX);
  CHECK(before.protocol == "table");
  CHECK(before.step == 6);
  CHECK(before.best_nll == Approx(8.080478959788447));
  const io::Hdf5Reader file = io::open_checkpoint(run + "/checkpoints/step-000000006.h5");
  TrainRequest request;
  request.resume = run;
  request.threads = 1;
  // Where the numerics have changed since, the spec means other bits, and only this goes on with the old ones.
  request.allow_inexact = file.integer_attribute("/", "numerics_version") != kNumericsVersion;
  TrainObserver nobody;
  REQUIRE(train(request, nobody).status == RunStatus::kFinished);
  const RunSummary after = summarise_run(run);
  CHECK(after.status == RunStatus::kFinished);
  CHECK(after.step == 8);
  if (!request.allow_inexact) CHECK(after.fingerprint == before.fingerprint);
  CHECK(after.last_nll == Approx(7.885015276173663).epsilon(1e-6));
  // What was not recorded then is now.
  CHECK_FALSE(holds(fixtures() + "/made/checkpoints/step-000000006.h5", "buffers/hidden_1/degrees"));
  CHECK(holds(run + "/checkpoints/step-000000008.h5", "buffers/hidden_1/degrees"));
}

TEST_CASE("the layout of an earlier checkpoint says what it does not hold") {
  const std::vector<ModelLayout> layouts = layouts_of(Checkpoint(fixtures() + "/made/checkpoints/step-000000006.h5"));
  REQUIRE(layouts.size() == 1);
  CHECK(layouts[0].averaged);
  bool degrees = false, weights = false;
  for (const ExplainedTensor& tensor : layouts[0].tensors) {
    if (tensor.path == "/buffers/hidden_1/degrees") degrees = !tensor.in_file;
    if (tensor.path == "/average/hidden_1/weight") weights = tensor.in_file;
  }
  CHECK(degrees);
  CHECK(weights);
}

TEST_CASE("a file of a newer mlrun is refused with the version that wrote it, and its run is marked") {
  const DataRoot data;
  const TemporaryDirectory root;
  const std::string run = root / "made";
  std::filesystem::copy(fixtures() + "/made", run, std::filesystem::copy_options::recursive);
  const auto change = [](std::string text, const std::string& old, const std::string& now) {
    INFO(old);
    REQUIRE(old.size() == now.size());
    size_t count = 0;
    for (size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += now.size(), ++count)
      text.replace(at, old.size(), now);
    REQUIRE(count > 0);
    return text;
  };
  const std::string written = "0.1.0", newer = "9.1.0";
  std::ofstream(run + "/metrics.jsonl", std::ios::app) << R"({"kind":"label","version":"9.1.0"})" << '\n'
                                                       << R"({"kind":"dream","of":["sheep"]})" << '\n'
                                                       << R"({"kind":"status","status":"paused","at_step":6})" << '\n';
  const RunSummary seen = summarise_run(run);
  CHECK(status_words(seen) == "killed (mlrun 9.1.0)");  // a status that this version does not know
  CHECK(seen.step == 6);

  const std::string spec = change(read(run + "/resolved.yaml"), "batch_size", "batch_sort");
  std::ofstream(run + "/resolved.yaml") << spec;
  std::vector<std::string> left_out;
  CHECK(readable_runs({seen}, left_out).runs.empty());
  REQUIRE(left_out.size() == 1);
  CHECK_THAT(left_out[0], Contains("written by mlrun 9.1.0, and this is " + std::string(kVersion)));

  const std::string checkpoint = run + "/checkpoints/step-000000006.h5";
  std::string payload = read(checkpoint).substr(io::kUserBlockBytes);
  payload = change(change(payload, written, newer), "batch_size", "batch_sort");
  io::Bytes image(payload.size());
  std::copy_n(reinterpret_cast<const std::byte*>(payload.data()), payload.size(), image.data());
  io::write_checkpoint(checkpoint, std::move(image));
  CHECK_THAT(refusal_of(ExitCode::kCheckpoint, [&] { nll_of(run); }),
             Contains("step-000000006.h5") && Contains("written by mlrun 9.1.0, and this is") &&
                 Contains("unknown key 'batch_sort'"));
}
