// The files that commands answer with: samples, completions, evaluations. All layouts stand here.
//
// Every HDF5 file says in its root attributes what it is (`mlrun_format`, `mlrun_format_version`) and what it is of
// (`checkpoint`, `step`). Figures are in nats, which their attribute `unit` says.
#pragma once

#include <string>

#include "commands/eval/eval.hpp"
#include "commands/eval/eval_region.hpp"
#include "commands/sample/complete.hpp"
#include "commands/sample/sample.hpp"
#include "generate/region.hpp"
#include "io/bytes.hpp"
#include "io/image.hpp"

#include <string>
#include <vector>

namespace mlrun {

// Each with a newline behind it.
std::string lines_of(const std::vector<std::string>& texts);

// `symbols` [n, shape of the data], `codes` of a prior, of captions and pictures `streams` [n, positions] and `captions`, a line each, `labels` of a conditional model, `lengths` where a stop may end samples; seed and law as attributes.
io::Bytes samples_file(const Samples& samples, const TrainedModel& model, uint64_t seed, const DrawLaw& law);
// The symbols alone as a .npy file, bytes where all fit: [n, shape of the data], behind the end of a sample -1.
std::string samples_array(const Samples& samples);
// `originals` [images, ...], `known` [...], `completions` [images, per image, ...], `images`, `orders`, `labels`.
io::Bytes completions_file(const CompleteOutcome& outcome, const TrainedModel& model, const CompletionOptions& options);
// Pictures as a .npy file of bytes, 0 black to 255 white: [n, height, width], or where several belong `together`
// [n / together, together, height, width].
std::string pictures_array(const std::vector<io::Image>& pictures, int64_t together);

// The completions alone as a .npy file, [images, per image, shape of the data].
std::string completions_array(const CompleteOutcome& outcome, const TrainedModel& model,
                              const CompletionOptions& options);
// `nll` of every example, and what else was found of each; their means and standard errors as attributes.
io::Bytes evaluation_file(const EvalOutcome& outcome, Split split);
// `nll` of the rest of every image given the known part, `known`, `orders`.
io::Bytes region_file(const RegionOutcome& outcome, const Region& region, const DataSpec& data, Split split);

}  // namespace mlrun
