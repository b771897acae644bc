// Conditions on runs, as people type them: 'valid/nll < 90', 'status = diverged', 'optim.lr >= 1e-3', 'tag = old'.
#pragma once

#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

// The runs that fit every condition: FIELD OP VALUE, with OP one of < <= > >= = != ~ (contains). FIELD is one of
// commands/runs/run_fields.hpp: a fact of the run, a metric, or a field of its spec. Numbers are compared as numbers,
// all else as text and only by =, != and ~. What a run does not have fits no condition but !=. Of group, tag and note,
// one of several suffices. Error(kUsage) naming the condition: no such form, a field that none of the runs has (with
// the nearest name), an order of what is no number.
std::vector<RunSummary> runs_where(const std::vector<RunSummary>& runs, const std::vector<std::string>& conditions);

// The same; that no run fits is an Error(kUsage) that says how many there were.
std::vector<RunSummary> some_runs_where(const std::vector<RunSummary>& runs,
                                        const std::vector<std::string>& conditions);

}  // namespace mlrun
