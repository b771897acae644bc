// A small spec in the manner of the real ones, read as the other rooms do, for the tests of this room.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/print.hpp"
#include "config/registry.hpp"
#include "temporary_directory.hpp"

namespace mlrun::config {

struct Model {
  virtual ~Model() = default;
};
using Models = Registry<Model>;

struct Made : Model {
  struct Options {
    explicit Options(Reader& spec)
        : hidden(spec.integers("hidden", {.help = "units of each hidden layer",
                                          .min = 1,
                                          .max = 65536,
                                          .min_size = 1,
                                          .max_size = 8,
                                          .fallback = {{500}}})),
          masks(spec.integer("masks", {.help = "sets of masks", .min = 1, .max = 4096, .fallback = 1})),
          order(spec.choice("order", {"raster", "random"}, {.help = "of the pixels", .fallback = "raster"})),
          activation(spec.choice("activation", {"relu", "tanh"}, {.fallback = "relu"})) {}
    std::vector<int64_t> hidden;
    int64_t masks;
    std::string order, activation;
  };
  explicit Made(const Options&) {}
};

struct Nade : Model {
  struct Options {
    explicit Options(Reader& spec) : hidden(spec.integer("hidden", {.help = "units", .min = 1, .max = 65536})) {}
    int64_t hidden;
  };
  explicit Nade(const Options&) {}
};

inline Models models() {
  Models known;
  known.add<Made>("made", "Masked autoencoder (Germain et al. 2015)");
  known.add<Nade>("nade", "Neural autoregressive distribution estimator");
  return known;
}

struct Experiment {
  explicit Experiment(Reader spec) {
    name = spec.string("name", {.help = "of the run", .fallback = "{model.kind}-s{seed}"});
    seed = spec.integer("seed", {.help = "of everything random", .min = 0, .fallback = 1});
    Reader model = spec.section("model", "what to train");
    model_kind = models().choose(model).kind();
    Reader optim = spec.section("optim", "how to step");
    optim.kind({{"adam", "Adam"}, {"sgd", "gradient descent"}}, "adam");
    lr = optim.real("lr", {.help = "step size", .min = 0, .exclusive_min = true, .fallback = 1e-3});
    betas = optim.reals(
        "betas", {.min = 0, .max = 1, .exclusive_max = true, .min_size = 2, .max_size = 2, .fallback = {{0.9, 0.999}}});
    Reader train = spec.section("train", "how long");
    length = train.period("for", {.help = "length", .fallback = Period{50, Period::Unit::kEpochs}});
    warmup = train.period("warmup", {.allow_zero = true,
                                     .units = {Period::Unit::kSteps, Period::Unit::kEpochs},
                                     .fallback = Period{0, Period::Unit::kSteps}});
    batch_size = train.integer("batch_size", {.help = "examples", .min = 1, .max = 1 << 20, .fallback = 100});
    clip_norm = train.real_or("clip_norm", "none", {.min = 0, .exclusive_min = true});
    shuffle = train.boolean("shuffle", {.help = "each epoch", .fallback = true});
    Reader compute = spec.section("compute");
    lanes = compute.integer_or("lanes", "auto", {.help = "slices of a batch", .min = 1, .max = 256});
    threads = compute.integer_or("threads", "auto", {.min = 1, .max = 256});
    tags = spec.strings("tags", {.help = "for finding runs", .fallback = std::vector<std::string>{}});
    note = spec.string_or("note", "none", {.help = "for people"});
    spec.finish();
  }

  std::string name, model_kind;
  int64_t seed = 0, batch_size = 0;
  double lr = 0;
  std::vector<double> betas;
  Period length, warmup;
  std::optional<double> clip_norm;
  bool shuffle = false;
  std::optional<int64_t> lanes, threads;
  std::vector<std::string> tags;
  std::optional<std::string> note;
};

// The report on a spec: "" when it is right.
inline std::string report_on(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Diagnostics diagnostics;
  Experiment(Document::from_text(text, "spec.yaml", overrides, diagnostics).root());
  return diagnostics.report();
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A folder of its own that goes away with the test.
class Folder {
 public:
  std::string file(const std::string& name) const { return directory_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
    std::ofstream(file(name), std::ios::binary) << text;
    return file(name);
  }

 private:
  test::TemporaryDirectory directory_;
};

}  // namespace mlrun::config
