// What `mlrun eval --draws K` repeats: one evaluation for each binarization of the split.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "commands/eval/eval.hpp"
#include "experiment/codes_dataset.hpp"

namespace mlrun {

// work(data) at draw 0, which is `first`, and at draws 1 .. request.draws - 1, made by `redraw`. Error(kUsage) where
// they are all the same.
void for_draws(const EvalRequest& request, const Dataset& first,
               const std::function<std::unique_ptr<Dataset>(const DataSources&)>& redraw, uint64_t seed,
               const std::function<void(const Dataset&)>& work);

// sums[i] += more[i]; empty sums begin at 0.
void add_to(std::vector<double>& sums, const std::vector<double>& more);
void divide(std::vector<double>& sums, int64_t by);

// Of a prior over codes, in the images' own unit: result, bound and draws of the outcome.
void evaluate_bound(const EvalRequest& request, const Experiment& experiment, const TrainedModel& trained,
                    const CodesDataset& data, EvalOutcome& outcome);

}  // namespace mlrun
