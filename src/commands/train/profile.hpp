// What a training step and a sample cost, and which kernels the time goes to. Writes nothing.
#pragma once

#include <string>
#include <vector>

#include "commands/train/train.hpp"
#include "kernels/profile.hpp"

namespace mlrun {

struct ProfileRequest {
  std::string spec;  // a YAML file
  std::vector<std::string> overrides, places;
  int threads = 0;
  int64_t steps = 50, warmup = 10;
  double max_seconds = 60;              // measuring ends early after so long
  std::vector<int64_t> sample_batches;  // images that one sampler carries; measured where given
};

struct SampleProfile {
  int64_t batch = 0;  // images per call of the sampler, on all threads together
  double items_per_s = 0;
};

struct Profile {
  std::string model, data, dtype;  // dtype: of matrix products
  int threads = 1;
  int64_t lanes = 1, batch_size = 0, parameters = 0, active_parameters = 0, steps = 0;
  double first_step_ms = 0;  // from the start of the process to the end of the first step
  double median_ms = 0, min_ms = 0, p95_ms = 0, items_per_s = 0;
  double peak_rss_mb = 0;
  double step_seconds = 0;  // of the steps during which kernels were counted, summed over lanes
  std::vector<kernels::profile::Entry> kernels;
  std::vector<SampleProfile> samples;
};

Profile profile(const ProfileRequest& request);

}  // namespace mlrun
