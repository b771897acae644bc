// The options of `mlrun sample` that change the law of the samples.
#pragma once

#include "cli/parse/command_line.hpp"
#include "generate/draw.hpp"

namespace mlrun::cli {

void add_law_options(Command& sub, DrawLaw& law);  // --temperature, --top-k, --top-p; `law` must outlive the app

}  // namespace mlrun::cli
