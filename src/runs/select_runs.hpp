// Several runs by the names people type: for ls, compare, plot and the like.
#pragma once

#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

// Each selector is a directory, an id, the beginning of one (all runs that begin so), @group:NAME, @tag:NAME, or what
// find_run takes (@last, @group:NAME@best ...). No selector at all: every run of the run root. Each run once, oldest
// first. Error(kUsage) for a selector that nothing fits.
std::vector<RunSummary> select_runs(const std::vector<std::string>& selectors);

}  // namespace mlrun
