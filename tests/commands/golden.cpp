// The first ten training losses of every config, on drawn digits where it is of MNIST. They change only when somebody
// means it (`make golden`).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>

#include "catch.hpp"
#include "patience.hpp"
#include "small_run.hpp"
#include "train/trainer.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::string source_directory() {
  const char* directory = std::getenv("MLRUN_SOURCE_DIR");
  return directory ? directory : std::string(__FILE__).substr(0, std::string(__FILE__).rfind("/tests/"));
}

// Two small runs of this data, for a config that mixes runs.
std::string small_runs(const TemporaryDirectory& place, const std::vector<std::string>& data) {
  std::vector<std::string> overrides = data;
  overrides.insert(overrides.end(), {"train.for=3 steps", "eval.samples=0"});
  std::string runs;
  for (const std::string model : {"{kind: fvsbn}", "{kind: made, hidden: [20], order: random}"}) {
    const std::string run = place / ("run" + std::to_string(runs.size()));
    train_in(run, "data: {kind: digits}\nmodel: " + model + "\n", 1, 0, overrides);
    runs += (runs.empty() ? "" : ", ") + run;
  }
  return runs;
}

// What stands in for files that may not be there, and what keeps ten steps short.
std::vector<std::string> overrides_of(const std::string& config, const TemporaryDirectory& place) {
  if (config.ends_with("/mixture.yaml")) {
    std::vector<std::string> data = {"compute.lanes=2", "data.kind=digits", "data.train_limit=2000",
                                     "data.valid_limit=100"};
    data.push_back("model.of=[" + small_runs(place, {data.begin() + 1, data.end()}) + "]");
    return data;
  }
  const Experiment experiment = Experiment::load(config, {});
  const std::string data = experiment.spec().data.kind();
  std::vector<std::string> overrides = {"compute.lanes=2"};
  if (experiment.spec().model.kind().rfind("sequence", 0) == 0) overrides.push_back("train.batch_size=4");
  if (data == "mnist" || data == "codes") {
    overrides.insert(overrides.end(), {"data.kind=digits", "data.train_limit=2000", "data.valid_limit=100"});
  } else if (data == "captions") {
    overrides.insert(overrides.end(), {"data.of.kind=digits", "data.words=labels", "data.of.train_limit=2000",
                                       "data.of.valid_limit=100"});
  } else if (data == "text") {
    std::ofstream text(place / "text.txt");
    for (int i = 0; i < 3000; ++i) text << "the " << i * i % 97 << (i % 7 == 0 ? "\n" : "th word, ");
    overrides.push_back("data.file=" + (place / "text.txt"));
  }
  return overrides;
}

std::vector<double> first_losses(const std::string& config) {
  const TemporaryDirectory place;
  const Experiment experiment = Experiment::load(config, overrides_of(config, place));
  const auto data = experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  Trainer trainer(experiment, *data, 2);
  trainer.initialise();
  std::vector<double> losses;
  // A sanitizer makes the large ones a hundred times slower. (SOAP's first step changes nothing: the third loss is
  // new.)
  const int steps = patience() > 1 ? 3 : 10;
  for (int i = 0; i < steps; ++i) losses.push_back(trainer.step().loss);
  return losses;
}

}  // namespace

TEST_CASE("the first ten losses of every config are the golden ones", "[golden]") {
  const bool write = std::getenv("MLRUN_WRITE_GOLDEN") != nullptr;
  int configs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_directory() + "/configs")) {
    if (entry.path().extension() != ".yaml") continue;
    ++configs;
    const std::string golden = source_directory() + "/tests/fixtures/golden/" + entry.path().stem().string() + ".txt";
    const std::vector<double> losses = first_losses(entry.path());
    if (write) {
      std::filesystem::create_directories(source_directory() + "/tests/fixtures/golden");
      std::ofstream file(golden);
      for (const double loss : losses) file << std::setprecision(9) << loss << "\n";
      continue;
    }
    INFO(entry.path() << " against " << golden << "; if the change is meant: make golden");
    std::ifstream file(golden);
    REQUIRE(file.good());
    for (const double loss : losses) {
      double expected = 0;
      file >> expected;
      CHECK(loss == Approx(expected).epsilon(2e-4));  // between kinds of CPU; on one kind the bits are equal
    }
  }
  CHECK(configs >= 3);
}
