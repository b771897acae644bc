#include "data/dataset.hpp"

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/home.hpp"
#include "data/render.hpp"

namespace mlrun {
const char* name_of(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValid:
      return "valid";
    case Split::kTest:
      return "test";
  }
  return "?";
}

Split split_named(const std::string& name) {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    if (name == name_of(split)) return split;
  }
  fail(ExitCode::kUsage, "unknown split '{}': expected train, valid or test", name);
}

io::Image Dataset::render(std::span<const int32_t> symbols) const { return render_symbols(symbols, spec()); }

std::string Dataset::why_no_labels() const { return spec().classes ? "" : "this data set has no labels"; }

DatasetRegistry& dataset_kinds() {
  static DatasetRegistry registry;
  return registry;
}

DataSources data_sources_from_environment(uint64_t seed) {
  DataSources sources;
  sources.seed = seed;
  sources.root = expand_home(environment_variable("MLRUN_DATA_ROOT"));
  if (sources.root.empty()) sources.root = "data";
  // Paths that are not absolute are to be ignored here: XDG Base Directory Specification 0.8.
  if (const std::string cache = environment_variable("XDG_CACHE_HOME"); cache.starts_with('/'))
    sources.cache = cache + "/mlrun";
  else if (const std::string home = environment_variable("HOME"); home.starts_with('/'))
    sources.cache = home + "/.cache/mlrun";
  return sources;
}

}  // namespace mlrun
