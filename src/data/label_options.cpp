#include "data/label_options.hpp"

#include <cstddef>

#include "base/error.hpp"

namespace mlrun {

LabelOptions::LabelOptions(config::Reader& spec, const std::array<std::optional<std::string>, 3>& files, bool columns) {
  const std::string of_column = "a column, by its name in the first row or its number from 1; or ";
  const std::string labels =
      spec.string_or("labels", "none",
                     {.help = std::string("the class of each row: ") + (columns ? of_column : "") +
                              "a file with a label for each row of `train`",
                      .resolve =
                          [beside = beside_spec(spec, "labels")](const std::string& text) {
                            return check_table_source(text).empty() ? beside(text) : text;  // a column stays
                          }})
          .value_or("");
  spec.later("labels");
  const std::string wrong = labels.empty() ? "" : check_table_source(labels);
  const bool is_file = !labels.empty() && wrong.empty();
  if (is_file) files_[0] = labels;
  else column_ = labels;
  places_[0] = SpecPlace(spec, "labels", labels);
  for (size_t i = 1; i < 3; ++i) {
    const std::string split = name_of(static_cast<Split>(i)), key = split + "_labels";
    files_[i] = spec.string_or(key, "none",
                               {.help = fmt::format("likewise of `{}`, where `labels` is a file", split),
                                .check = check_table_source,
                                .resolve = beside_spec(spec, key)});
    spec.later(key);
    places_[i] = SpecPlace(spec, key, files_[i].value_or("none"));
    if (spec.describing()) continue;
    if (files_[i] && !is_file)
      spec.mistake(key, labels.empty() ? "given without 'labels'" : "given, and 'labels' is a column of all files");
    else if (files_[i] && !files[i]) spec.mistake(key, fmt::format("given without a file for {}", split));
    else if (is_file && files[i] && !files_[i])
      spec.mistake("labels", fmt::format("a file for train, and '{}' is not given", key));
  }
  if (!spec.describing() && !columns && !wrong.empty())
    spec.mistake("labels", fmt::format("found '{}', expected {}", labels, wrong));
}

std::array<std::optional<TableSource>, 3> LabelOptions::sources(const DataSources& sources) const {
  std::array<std::optional<TableSource>, 3> found;
  for (size_t i = 0; i < 3; ++i)
    if (files_[i]) found[i] = found_table(*files_[i], places_[i], sources);
  return found;
}

void set_labels(DataContent& content, const std::vector<LabelValues>& labels, const std::vector<std::string>& files) {
  const std::vector<std::string> classes = labels[0].classes();
  if (classes.size() < 2)
    fail(ExitCode::kData, "{}: every row is of class '{}', expected two classes or more", files[0], classes[0]);
  content.spec.classes = static_cast<int64_t>(classes.size());
  for (size_t i = 0; i < labels.size(); ++i) content.parts[i].labels = labels[i].numbered(classes, files[i]);
  if (!are_plain_numbers(classes)) content.names.classes = classes;
}

}  // namespace mlrun
