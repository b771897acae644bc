// The options of `mlrun sample` that change the law of the samples, and the note in files of samples that they did.
#pragma once

#include "cli/parse/command_line.hpp"
#include "generate/draw.hpp"
#include "io/hdf5/writer.hpp"

namespace mlrun::cli {

void add_law_options(Command& sub, DrawLaw& law);  // --temperature, --top-k, --top-p; `law` must outlive the app
// Attributes temperature, top_k, top_p, exact_law (1: the model's own) and law (in words) of the root.
void write_law(io::Hdf5Writer& file, const DrawLaw& law);

}  // namespace mlrun::cli
