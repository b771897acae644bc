// What a model shows of itself while it is trained.
#pragma once

#include <cstdint>
#include <vector>

#include "base/lanes.hpp"
#include "experiment/built_model.hpp"
#include "experiment/experiment.hpp"
#include "io/image.hpp"

namespace mlrun {

struct Preview {
  std::vector<io::Image> pictures;  // none of what is no picture
  int columns = 0;                  // of a sheet of them; 0: as many as fit
};

// Of a VQ-VAE: images of the validation split, of all classes (data/shown_rows.hpp), each beside its reconstruction. Of a
// model that can be drawn from: `count` samples, as the data shows them, of all classes in turn where it knows classes.
// Of a classifier: nothing.
Preview preview_of(const BuiltModel& built, const Dataset& data, int64_t count, uint64_t seed, LanePool& pool);

}  // namespace mlrun
