#include "commands/eval/eval_draws.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace mlrun {
namespace {

// Some symbol among the first rows of the split differs.
bool differ(const Dataset& one, const Dataset& other, Split split) {
  std::vector<int64_t> rows(static_cast<size_t>(std::min<int64_t>(100, one.count(split))));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const Tensor a = one.batch(split, rows, 0).symbols, b = other.batch(split, rows, 0).symbols;
  return !std::equal(a.data<int32_t>(), a.data<int32_t>() + a.count(), b.data<int32_t>());
}

}  // namespace

void for_draws(const EvalRequest& request, const Dataset& first,
               const std::function<std::unique_ptr<Dataset>(const DataSources&)>& redraw, uint64_t seed,
               const std::function<void(const Dataset&)>& work) {
  work(first);
  for (int64_t draw = 1; draw < request.draws; ++draw) {
    DataSources sources = data_sources_from_environment(seed);
    sources.draw = static_cast<uint64_t>(draw);
    const std::unique_ptr<Dataset> drawn = redraw(sources);
    if (draw == 1 && !differ(first, *drawn, request.split)) {
      fail(ExitCode::kUsage,
           "--draws: the {} split of this data is the same at every draw ({})\n"
           "  binarizations that are random   data.binarization=dynamic, with --split test or valid",
           name_of(request.split), first.protocol());
    }
    work(*drawn);
  }
}

void add_to(std::vector<double>& sums, const std::vector<double>& more) {
  sums.resize(more.size());
  for (size_t i = 0; i < more.size(); ++i) sums[i] += more[i];
}

void divide(std::vector<double>& sums, int64_t by) {
  for (double& v : sums) v /= static_cast<double>(by);
}

}  // namespace mlrun
