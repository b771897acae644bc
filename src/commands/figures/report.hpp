// A report of one run, or of all runs of a sweep, as one web page that needs nothing beside itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "figure/chart.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

struct ReportRequest {
  std::vector<RunSummary> runs;
  std::string title;
  std::vector<std::string> group_by = {"seed"};   // runs that differ in these only are one row, with mean and sd
  std::vector<figure::ReferenceLine> lines = {};  // in the chart of the first metric
};

struct ReportOutcome {
  std::string html;
  int64_t runs = 0, settings = 0;     // in it
  std::vector<std::string> left_out;  // runs that could not be read, with the reason; the page names them too
};

// Results with mean and sample deviation, curves, samples (and any other picture in a run's folder samples/), evaluations,
// the answers of `mlrun prove`, what differs between the runs, their environment, origin and
// history, the resolved spec of each and the commands that train it again. Equal runs give equal pages: no date, no
// path of this machine but those the runs were named by. Error(kUsage) where no run can be read.
ReportOutcome report_of(const ReportRequest& request);

}  // namespace mlrun
