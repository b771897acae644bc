// mlrun sample: new images from a checkpoint, to a file, to stdout, or into the terminal.
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/lanes.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/sample/answer.hpp"
#include "cli/sample/caption.hpp"
#include "cli/sample/classes.hpp"
#include "cli/sample/completions.hpp"
#include "cli/sample/draft.hpp"
#include "cli/sample/nearest.hpp"
#include "cli/sample/options.hpp"
#include "cli/sample/pictures.hpp"
#include "cli/sample/reconstructions.hpp"
#include "cli/sample/text.hpp"
#include "cli/terminal/terminal.hpp"
#include "cli/words/sheet.hpp"
#include "cli/words/threads.hpp"
#include "commands/sample/sample.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_model.hpp"
#include "generate/picture.hpp"
#include "generate/sampler.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

// What is read beside the checkpoint, and decides what is drawn.
std::vector<std::string> files_of(const SampleWords& o) {
  std::vector<std::string> files = o.constraint.files();
  if (o.text.prompt.starts_with("@") && !o.text.prompt.starts_with("@@")) files.push_back(o.text.prompt.substr(1));
  if (!o.caption.empty()) files.push_back(o.caption);
  if (o.complete.ends_with(".png")) files.push_back(o.complete);
  return files;
}

struct Grid {
  int64_t rows = 0, columns = 0;
};

Grid parse_grid(const std::string& text) {
  const size_t x = text.find('x');
  const auto rows = parse_integer(text.substr(0, x));
  const auto columns = parse_integer(x == std::string::npos ? "" : text.substr(x + 1));
  if (!rows || !columns || *rows < 1 || *columns < 1 || *rows > 1000 || *columns > 1000) {
    fail(ExitCode::kUsage, "--grid: expected ROWSxCOLUMNS such as 8x8, found '{}'", text);
  }
  return {*rows, *columns};
}

SampleMethod method_of(const std::string& sampler) {
  return sampler == "auto"         ? SampleMethod::kAuto
         : sampler == "sequential" ? SampleMethod::kSequential
                                   : SampleMethod::kPredictive;
}

// One text for stdout is printed as it is drawn.
bool is_streamed(const SampleWords& o, const TrainedModel& model, const Globals& globals) {
  return o.out == "-" && o.count == 1 && o.law.constraint != ConstraintLaw::kExact && model.identity.vocabulary &&
         !globals.json;
}

// What does not fit is said before anything is drawn. Every rank has all samples in the end.
void require_room(const SampleWords& o, int64_t columns, const TrainedModel& model, const Ranks& ranks) {
  const DataSpec& data = model.drawn_data();
  const int64_t symbols = o.text.length > 0 ? o.text.length : data.positions();
  const double bytes = 4 + 4 * ranks.sharing_cores();  // of a symbol: what it is written as, and itself on each rank
  require_memory(bytes * static_cast<double>(o.count) * static_cast<double>(symbols),
                 fmt::format("drawing {} samples of {} symbols", o.count, symbols),
                 "in parts   a smaller -n, and another --seed for each");
  if (o.out.ends_with(".png") && data.is_image())
    require_sheet(o.count * (1 + o.nearest), columns, data.shape[1], data.shape[0], o.sheet.scale);
}

// Which classes are asked for, and how many pictures are in a row.
struct Rows {
  std::vector<int32_t> classes, labels;
  int columns = 0;  // 0: about square
};

// Several classes are a row each, of `o.count` samples; the count becomes that of all.
Rows rows_of(SampleWords& o, const Grid& grid, const std::vector<int32_t>& classes) {
  if (classes.size() <= 1) return {classes, classes, static_cast<int>(grid.columns)};
  const auto columns = static_cast<int>(o.count);
  Rows rows{classes, labels_of(classes, o.count), columns};
  o.count *= static_cast<int64_t>(classes.size());
  return rows;
}

// How many samples, and where they go, where nobody said it.
void fill_defaults(SampleWords& o, const Grid& grid, bool rows_of_classes, const TrainedModel& model) {
  if (o.count == 0 && (model.identity.vocabulary || !o.caption.empty())) o.count = 1;
  if (o.count == 0)
    o.count = !o.complete.empty() ? 4 : rows_of_classes ? 8 : o.grid.empty() ? 16 : grid.rows * grid.columns;
  if (o.out.empty() && !o.show) {
    if (is_terminal(STDOUT_FILENO) && model.drawn_data().is_image() && o.caption.empty()) o.show = true;
    else o.out = "-";
  }
}

// What no model of this kind can do.
void require_possible(const SampleWords& o, const TrainedModel& model) {
  if (o.nearest > 0) {
    require_image(model, "--nearest");
    if (model.identity.caption_stream) fail(ExitCode::kUsage, "--nearest: of images without captions only");
  }
  if (o.text.length > 0 && model.drawn_data().is_image())
    fail(ExitCode::kUsage, "--length {}: images have the size of their data", o.text.length);
}

void complete_images(const SampleWords& o, const TrainedModel& model, const Rows& rows, LanePool& pool,
                     const Globals& globals) {
  sample_completions(model,
                     {.region = o.complete,
                      .images = o.images,
                      .out = o.out,
                      .show = o.show,
                      .sheet = o.sheet,
                      .label = rows.classes.empty() ? std::nullopt : std::optional(rows.classes[0])},
                     {.per_image = o.count, .seed = o.seed, .law = o.law, .batch = o.batch, .ranks = globals.ranks()},
                     pool, globals);
}

// From one image to another, or images beside what their codes keep of them.
void draw_by_codes(const SampleWords& o, const TrainedModel& model, const Globals& globals) {
  if (!works_alone(globals)) return;
  const PictureOutput pictures_to = {o.out, o.show, o.sheet, {.seed = o.seed, .law = o.law}};
  if (!o.interpolate.empty()) return sample_interpolation(model, o.interpolate, o.count, pictures_to, globals);
  sample_reconstructions(model, o.count, pictures_to, globals);
}

void draw(SampleWords o, const TrainedModel& model, const Rows& rows, LanePool& pool, const Globals& globals) {
  Ranks& ranks = globals.ranks();
  require_possible(o, model);
  require_room(o, rows.columns, model, ranks);
  if (o.constraint_law != "exact") require_share_for_each(ranks, o.count, "sample");
  o.law = law_of(o.text, model, o.law);
  o.law.typical = o.draft.typical;
  const Tensor prefix = o.caption.empty() ? prefix_of(o.text, model, o.count) : picture_to_name(model, o.caption);
  const int64_t length = o.text.length > 0 ? o.text.length : model.autoregressive().data().positions();
  const auto constraint = constraint_of(o.constraint, model, length - (prefix.defined() ? prefix.dim(1) : 0));
  if (constraint) o.law.constraint = o.constraint_law == "exact" ? ConstraintLaw::kExact : ConstraintLaw::kLocal;
  const bool streamed = is_streamed(o, model, globals);
  const LoadedDraft draft = draft_of(o.draft, model);
  SampleOptions options{.count = o.count,
                        .seed = o.seed,
                        .law = o.law,
                        .first = 0,
                        .batch = o.batch,
                        .labels = rows.labels,
                        .method = method_of(o.sampler),
                        .prefix = prefix,
                        .length = o.text.length,
                        .draft = draft.draft,
                        .constraint = constraint.get(),
                        .stop = stop_of(o.text, model),
                        .ranks = ranks};
  if (streamed) {
    options.drawn = [&](int64_t, int32_t symbol) {
      fmt::print("{}", model.identity.vocabulary->text({&symbol, 1}));
      flush_answer();
    };
  }
  const Samples samples = sample(model, options, pool);
  if (!ranks.first()) return;
  if (draft.draft.proposes()) warn_where_it_does_not_pay(samples.speculation, o.law);
  std::optional<NearestOutcome> nearest;
  if (o.nearest > 0) nearest = nearest_of(samples, model, o.nearest, pool);
  const SamplePictures pictures = pictures_of(samples, rows.columns, rows.classes, nearest, model.identity.names);
  if (streamed) fmt::print("\n");
  else if (!o.out.empty()) write_samples(samples, model, o, pictures);
  warn_of_broken(samples);
  if (o.show) show_sheet(*pictures.images, pictures.columns, pictures.captions, globals);
  if (globals.json) {
    nlohmann::ordered_json answer = answer_of(samples, model, o);
    if (draft.draft.proposes()) answer["draft"] = answer_of(draft, samples.speculation);
    if (nearest) answer["nearest"] = answer_of(*nearest);
    fmt::print("{}\n", io::json_line(answer));
    return;
  }
  if (nearest) log::info("{}", words_of(*nearest));
  if (!o.out.empty() && o.out != "-") log::info("{} samples in {}", o.count, o.out);
}

void run_sample(SampleWords o, const Globals& globals) {
  const Grid grid = o.grid.empty() ? Grid{} : parse_grid(o.grid);
  require_ending(o.out);
  const TrainedModel model = load_on_all_ranks(globals.ranks(), o.run, o.which, files_of(o), o.mixed_cpus);
  const std::vector<int32_t> classes = classes_of(o.classes, model);
  const bool rows_of_classes = classes.size() > 1;
  if (rows_of_classes && (!o.grid.empty() || !o.complete.empty()))
    fail(ExitCode::kUsage, "--class {}: several classes are a row each, and {} asks for other rows", o.classes,
         o.grid.empty() ? "--complete" : "--grid");
  fill_defaults(o, grid, rows_of_classes, model);
  if (o.show) require_image(model, "--show");
  const Rows rows = rows_of(o, grid, classes);
  LanePool pool(threads_of_rank(globals.ranks(), kMostLanes, threads_of(o.threads)));
  if (!o.complete.empty()) return complete_images(o, model, rows, pool, globals);
  if (!o.interpolate.empty() || model.built.model->code_model()) return draw_by_codes(o, model, globals);
  model.autoregressive();  // a classifier ends here
  draw(o, model, rows, pool, globals);
}

}  // namespace

void add_sample(Command& command, const Globals& globals) {
  auto o = std::make_shared<SampleWords>();
  add_sample_options(command, *o);
  command.callback([o, &globals] { run_sample(*o, globals); });
}

}  // namespace mlrun::cli
