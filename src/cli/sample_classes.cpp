#include "cli/sample_classes.hpp"

#include <numeric>

#include "base/error.hpp"
#include "cli/parse/number_list.hpp"

namespace mlrun::cli {

std::vector<int32_t> classes_of(const std::string& text, const TrainedModel& model) {
  if (text.empty()) return {};
  const AutoregressiveModel& known = model.autoregressive();
  if (!known.conditional()) {
    fail(ExitCode::kUsage,
         "--class {}: this model knows no classes (model.condition: none)\n"
         "  one that does   is trained with model.condition=class, on data that has labels",
         text);
  }
  std::vector<int32_t> classes;
  if (text == "all") {
    classes.resize(static_cast<size_t>(known.classes()));
    std::iota(classes.begin(), classes.end(), 0);
    return classes;
  }
  const auto numbers = number_list(text);
  if (!numbers)
    fail(ExitCode::kUsage, "--class: expected a class such as 7, several such as 0..9 or 3,8, or all; found '{}'",
         text);
  for (const int64_t number : *numbers) {
    if (number >= known.classes())
      fail(ExitCode::kUsage, "--class {}: expected 0 to {}, the classes of this model", number, known.classes() - 1);
    classes.push_back(static_cast<int32_t>(number));
  }
  return classes;
}

std::vector<int32_t> labels_of(const std::vector<int32_t>& classes, int64_t per_class) {
  std::vector<int32_t> labels;
  for (const int32_t label : classes) labels.insert(labels.end(), static_cast<size_t>(per_class), label);
  return labels;
}

}  // namespace mlrun::cli
