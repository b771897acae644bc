#include "cli/sample/classes.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "cli/parse/number_list.hpp"

namespace mlrun::cli {
namespace {

// Names and numbers with commas between them; a name may be made of digits.
std::optional<std::vector<int64_t>> classes_named(const std::string& text, const std::vector<std::string>& names) {
  std::vector<int64_t> classes;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const auto named = std::find(names.begin(), names.end(), part);
    if (named != names.end()) {
      classes.push_back(named - names.begin());
    } else {
      const auto numbers = number_list(part);
      if (!numbers) return std::nullopt;
      classes.insert(classes.end(), numbers->begin(), numbers->end());
    }
    begin = end + 1;
  }
  return classes;
}

}  // namespace

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
  const std::vector<std::string>& names = model.identity.names.classes;
  const auto numbers = names.empty() ? number_list(text) : classes_named(text, names);
  if (!numbers) {
    const auto nearest = nearest_name(text, names);
    fail(ExitCode::kUsage, "--class: expected a class such as {}, several such as 0..{} or {},{}, or all; found '{}'{}",
         names.empty() ? "1" : names[0], known.classes() - 1, model.identity.names.of_class(0),
         model.identity.names.of_class(known.classes() - 1), text,
         nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
  }
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

std::string caption_of_class(const DataNames& names, int32_t label) {
  return (names.classes.empty() ? "class " : "") + names.of_class(label);
}

}  // namespace mlrun::cli
