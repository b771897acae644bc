#include "cli/sample/law.hpp"

namespace mlrun::cli {

void add_law_options(Command& sub, DrawLaw& law) {
  sub.add_option(
         "--temperature", law.temperature,
         "divides the logits of every symbol; 1 is the model's own law. What stands before the symbols is never "
         "changed, by this or the next two: the class is drawn from p(y), and the component of a mixture, and the "
         "pixels of given codes, from the model's own law")
      ->between(1e-6, 1e6, "the likeliest symbol always   --top-k 1")
      ->type_name("T");
  sub.add_option("--top-k", law.top_k,
                 "draw from the K likeliest symbols only; then samples are no longer of the model's own law")
      ->between(int64_t{1}, int64_t{65536})
      ->type_name("K");
  sub.add_option("--top-p", law.top_p,
                 "draw from the likeliest symbols that together have this probability, 1: all; likewise")
      ->between(1e-9, 1.0)
      ->type_name("P");
}

}  // namespace mlrun::cli
