// What a training would cost, from up to three real steps, and for its memory an evaluation of a batch for each thread,
// samples and a checkpoint's image as well, in at most a minute; and what mlrun is made of. Nothing is written.
#pragma once

#include <string>

#include "commands/train/train.hpp"

namespace mlrun {

void print_dry_run(const TrainRequest& request, bool json);  // on stdout
std::string software_versions();                             // "oneDNN 2.6.3 avx512_core  HDF5 1.10.8"

}  // namespace mlrun
