#include "cli/show/codebook.hpp"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/lanes.hpp"
#include "cli/terminal/chart.hpp"
#include "cli/terminal/terminal.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/trained_data.hpp"
#include "figure/chart.hpp"
#include "io/json_line.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun::cli {
namespace {

constexpr int kRows = 12;

// The share of all positions that each code has, from the most used to the least, and what each would have if all were
// used alike.
figure::Chart chart_of(std::vector<int64_t> counts) {
  std::sort(counts.begin(), counts.end(), std::greater<>());
  double total = 0;
  for (const int64_t count : counts) total += static_cast<double>(count);
  figure::Chart chart;
  chart.x.label = "code, the most used first";
  chart.y.label = "% of positions";
  chart.y.least = 0;
  figure::Series& series = chart.series.emplace_back();
  for (size_t i = 0; i < counts.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(total > 0 ? 100 * static_cast<double>(counts[i]) / total : 0);
  }
  chart.lines.push_back({100 / static_cast<double>(counts.size()), "all alike"});
  return chart;
}

}  // namespace

void show_codebook(const std::string& checkpoint, const Globals& globals) {
  const TrainedModel trained = load_trained_model(checkpoint);
  const Autoencoder autoencoder = trained.autoencoder();
  const std::unique_ptr<Dataset> data = data_of(trained);
  LanePool pool(threads_for(kMostLanes, 0));
  const CodeUse use = *evaluate(autoencoder.model(), autoencoder.parameters(), *data, Split::kValid, {}, pool).codes;
  if (globals.json) {
    nlohmann::ordered_json answer = {{"checkpoint", checkpoint}, {"split", "valid"}, {"codes", use.codes()}};
    for (const auto& [column, value] : use.columns()) answer[column] = value;
    answer["counts"] = use.counts;
    fmt::print("{}\n", io::json_line(answer));
    return;
  }
  const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
  fmt::print("{}", chart_text(chart_of(use.counts), screen, kRows));
  fmt::print("{} of {} codes used on the valid split; perplexity {:.1f}\nquantization error {:.4g}\n", use.used(),
             use.codes(), use.perplexity(), use.quantization_error);
  if (use.restarted > 0) fmt::print("{} codes were restarted in training\n", use.restarted);
  if (const std::string warning = use.warning(); !warning.empty()) fmt::print("{}\n", warning);
}

}  // namespace mlrun::cli
