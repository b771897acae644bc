#include "cli/show/layout.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/log.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "commands/runs/show_layout.hpp"
#include "io/checkpoint_file.hpp"

namespace mlrun::cli {
namespace {

using Json = nlohmann::ordered_json;

Json model_json(const ModelLayout& model) {
  Json answer = {{"place", model.place},
                 {"kind", model.kind},
                 {"averaged", model.averaged},
                 {"data",
                  {{"shape", model.data.shape},
                   {"alphabet", model.data.alphabet},
                   {"classes", model.data.classes},
                   {"given", model.data.given}}},
                 {"computation", model.computation},
                 {"tensors", Json::array()}};
  for (const ExplainedTensor& t : model.tensors) {
    answer["tensors"].push_back({{"path", t.path},
                                 {"dtype", t.type},
                                 {"shape", t.shape},
                                 {"axes", t.axes},
                                 {"meaning", t.meaning},
                                 {"in_file", t.in_file}});
  }
  return answer;
}

// One row for all tensors of one meaning: "15 of [1,1,32,16]".
struct Row {
  const ExplainedTensor* first;
  std::vector<std::string> shapes;
  int64_t count = 0;
};

std::vector<Row> rows_of(const std::vector<ExplainedTensor>& tensors) {
  std::vector<Row> rows;
  for (const ExplainedTensor& t : tensors) {
    auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.first->pattern == t.pattern; });
    if (row == rows.end()) row = rows.insert(rows.end(), {&t, {}, 0});
    ++row->count;
    const std::string shape = to_string(t.shape);
    if (std::find(row->shapes.begin(), row->shapes.end(), shape) == row->shapes.end()) row->shapes.push_back(shape);
  }
  return rows;
}

std::string shapes_of(const Row& row) {
  constexpr size_t kShown = 3;
  std::string text = row.count > 1 ? fmt::format("{} of ", row.count) : "";
  for (size_t i = 0; i < std::min(kShown, row.shapes.size()); ++i) text += (i > 0 ? ", " : "") + row.shapes[i];
  return row.shapes.size() > kShown ? text + " ..." : text;
}

void print_model(const ModelLayout& model) {
  const DataSpec& data = model.data;
  fmt::print("\n{:<12} {}, by {}config/resolved_yaml\n", "model", model.kind, model.place);
  std::string symbols = fmt::format("{} symbols of an alphabet of {}", to_string(data.shape), data.alphabet);
  if (data.classes > 0) symbols += fmt::format(", {} classes", data.classes);
  if (data.given > 0) symbols += fmt::format(", of which {} are given", data.given);
  print_wrapped(fmt::format("{:<12} {}", "data", symbols));
  print_wrapped(fmt::format(
      "{:<12} {}", "weights",
      model.averaged ? "/average, moving averages of /model; eval and sample use these" : model.place + "model"));
  fmt::print("\n");
  for (const std::string& line : model.computation) print_wrapped("  " + line);
  TextTable table({"tensor", "type", "shape", "axes", "what it is"});
  for (const Row& row : rows_of(model.tensors)) {
    const ExplainedTensor& t = *row.first;
    table.add({t.pattern, t.type, shapes_of(row), t.axes,
               t.in_file ? t.meaning : t.meaning + " (not in this file: it is of an earlier mlrun)"});
  }
  fmt::print("\n");
  print_fitting(table, {"type", "axes", "shape"});
}

}  // namespace

void show_layout(const std::string& checkpoint_path, const Globals& globals) {
  const Checkpoint checkpoint(checkpoint_path);
  const std::vector<ModelLayout> models = layouts_of(checkpoint);
  if (globals.json) {
    Json answer = {{"checkpoint", checkpoint_path}, {"header_bytes", io::kUserBlockBytes}, {"models", Json::array()}};
    for (const ModelLayout& model : models) answer["models"].push_back(model_json(model));
    fmt::print("{}\n", answer.dump());
    return;
  }
  print_wrapped(fmt::format("{:<12} {}", "checkpoint", checkpoint_path));
  print_wrapped(
      fmt::format("{:<12} {} bytes of header, then HDF5: h5py and h5dump open it as it is; f32 and s32, row-major",
                  "file", io::kUserBlockBytes));
  print_wrapped(fmt::format("{:<12} x @ y is a matrix product, ' a transpose, * element by element; indices begin at 0",
                            "words"));
  for (const ModelLayout& model : models) print_model(model);
}

}  // namespace mlrun::cli
