// mlrun sample: new images from a checkpoint, to a file, to stdout, or into the terminal.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/lanes.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/constraint_words.hpp"
#include "cli/sample_caption.hpp"
#include "cli/sample_classes.hpp"
#include "cli/sample_completions.hpp"
#include "cli/sample_draft.hpp"
#include "cli/sample_law.hpp"
#include "cli/sample_nearest.hpp"
#include "cli/sample_pictures.hpp"
#include "cli/sample_reconstructions.hpp"
#include "cli/sample_text.hpp"
#include "cli/sheet_words.hpp"
#include "cli/terminal/terminal.hpp"
#include "cli/threads.hpp"
#include "commands/answer_files.hpp"
#include "commands/sample/sample.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_model.hpp"
#include "generate/picture.hpp"
#include "generate/sampler.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

struct SampleWords {
  std::string run, which = "best", grid, out, complete, interpolate, caption, images = "8", sampler = "auto",
                   threads = "auto", classes;
  int64_t count = 0, batch = 64, nearest = 0;
  uint64_t seed = 1;
  DrawLaw law;
  TextWords text;
  DraftWords draft;
  ConstraintSource constraint;
  std::string constraint_law = "local";
  SheetWords sheet;
  bool show = false, mixed_cpus = false;
};

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

void require_image(const TrainedModel& model, const std::string& what) {
  if (!model.drawn_data().is_image()) {
    fail(ExitCode::kUsage,
         "{}: this model's data are rows of {} symbols, not images\n  write them as text or HDF5   -o samples.txt, -o "
         "samples.h5",
         what, model.identity.data.positions());
  }
}

void write(const Samples& samples, const TrainedModel& model, const SampleWords& o, const SamplePictures& pictures) {
  const auto text = [&] {
    if (model.identity.caption_stream && o.text.prompt.empty()) return lines_of(samples.captions);
    const auto& vocabulary = model.identity.vocabulary;
    return vocabulary ? text_of(samples.symbols, *vocabulary, samples.lengths) : text_of(samples.symbols);
  };
  if (o.out == "-") {
    fmt::print("{}", text());
  } else if (o.out.ends_with(".png")) {
    require_image(model, o.out);
    write_sheet(o.out, *pictures.images, pictures.columns, pictures.captions, o.sheet);
  } else if (o.out.ends_with(".h5")) {
    io::write_atomically(o.out, samples_file(samples, model, o.seed, o.law).span());
  } else if (o.out.ends_with(".npy")) {
    io::write_atomically(o.out, samples_array(samples));
  } else if (o.out.ends_with(".txt")) {
    io::write_atomically(o.out, text());
  } else {
    fail(ExitCode::kUsage, "-o {}: expected a name ending in .png, .h5, .npy or .txt, or - for stdout", o.out);
  }
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

void run_sample(SampleWords o, const Globals& globals) {
  const Grid grid = o.grid.empty() ? Grid{} : parse_grid(o.grid);
  Ranks& ranks = globals.ranks();
  const TrainedModel model = load_on_all_ranks(ranks, o.run, o.which, files_of(o), o.mixed_cpus);
  const std::vector<int32_t> classes = classes_of(o.classes, model);
  const bool rows_of_classes = classes.size() > 1;
  if (rows_of_classes && (!o.grid.empty() || !o.complete.empty()))
    fail(ExitCode::kUsage, "--class {}: several classes are a row each, and {} asks for other rows", o.classes,
         o.grid.empty() ? "--complete" : "--grid");
  if (o.count == 0 && (model.identity.vocabulary || !o.caption.empty())) o.count = 1;
  if (o.count == 0)
    o.count = !o.complete.empty() ? 4 : rows_of_classes ? 8 : o.grid.empty() ? 16 : grid.rows * grid.columns;
  if (o.out.empty() && !o.show) {
    if (is_terminal(STDOUT_FILENO) && model.drawn_data().is_image() && o.caption.empty()) o.show = true;
    else o.out = "-";
  }
  if (o.show) require_image(model, "--show");
  LanePool pool(threads_of_rank(ranks, kMostLanes, threads_of(o.threads)));
  if (!o.complete.empty()) {
    return sample_completions(model,
                              {.region = o.complete,
                               .images = o.images,
                               .out = o.out,
                               .show = o.show,
                               .sheet = o.sheet,
                               .label = classes.empty() ? std::nullopt : std::optional(classes[0])},
                              {.per_image = o.count, .seed = o.seed, .law = o.law, .batch = o.batch, .ranks = ranks},
                              pool, globals);
  }
  if (!o.interpolate.empty() || model.built.model->code_model()) {
    if (!works_alone(globals)) return;
    const PictureOutput pictures_to = {o.out, o.show, o.sheet, {.seed = o.seed, .law = o.law}};
    if (!o.interpolate.empty()) return sample_interpolation(model, o.interpolate, o.count, pictures_to, globals);
    return sample_reconstructions(model, o.count, pictures_to, globals);
  }
  model.autoregressive();  // a classifier ends here
  const auto columns = static_cast<int>(rows_of_classes ? o.count : grid.columns);
  const std::vector<int32_t> labels_asked = rows_of_classes ? labels_of(classes, o.count) : classes;
  if (rows_of_classes) o.count *= static_cast<int64_t>(classes.size());
  if (o.nearest > 0) {
    require_image(model, "--nearest");
    if (model.identity.caption_stream) fail(ExitCode::kUsage, "--nearest: of images without captions only");
  }
  if (o.text.length > 0 && model.drawn_data().is_image())
    fail(ExitCode::kUsage, "--length {}: images have the size of their data", o.text.length);
  require_room(o, columns, model, ranks);
  if (o.constraint_law != "exact") require_share_for_each(ranks, o.count, "sample");
  o.law = law_of(o.text, model, o.law);
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
                        .labels = labels_asked,
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
  if (draft.draft.proposes()) warn_where_it_does_not_pay(samples.speculation);
  std::optional<NearestOutcome> nearest;
  if (o.nearest > 0) nearest = nearest_of(samples, model, o.nearest, pool);
  const SamplePictures pictures = pictures_of(samples, columns, classes, nearest, model.identity.names);
  if (streamed) fmt::print("\n");
  else if (!o.out.empty()) write(samples, model, o, pictures);
  warn_of_broken(samples);
  if (o.show) show_sheet(*pictures.images, pictures.columns, pictures.captions, globals);
  if (nearest && !globals.json) log::info("{}", words_of(*nearest));
  if (globals.json) {
    nlohmann::ordered_json answer = {{"checkpoint", model.path}, {"count", o.count}, {"seed", o.seed}, {"file", o.out}};
    answer["exact_law"] = o.law.is_exact();
    if (!o.law.is_exact()) answer["law"] = o.law.words();
    if (samples.known > 0) answer["known"] = samples.known;
    if (draft.draft.proposes()) answer["draft"] = answer_of(draft, samples.speculation);
    if (constraint) {
      answer["constraint"] = {
          {"of", o.constraint.words()}, {"law", o.constraint_law}, {"log_allowed", samples.log_allowed}};
      if (samples.attempts > 0) {
        answer["constraint"]["attempts"] = samples.attempts;
        answer["constraint"]["acceptance"] = static_cast<double>(o.count) / static_cast<double>(samples.attempts);
      }
    }
    if (!samples.lengths.empty()) answer["lengths"] = samples.lengths;
    if (!samples.captions.empty()) answer["captions"] = samples.captions;
    if (!samples.labels.empty()) answer["labels"] = samples.labels;
    if (nearest) answer["nearest"] = answer_of(*nearest);
    fmt::print("{}\n", io::json_line(answer));
  } else if (!o.out.empty() && o.out != "-") {
    log::info("{} samples in {}", o.count, o.out);
  }
}

}  // namespace

void add_sample(Command& command, const Globals& globals) {
  auto o = std::make_shared<SampleWords>();
  set_examples(command,
               "mlrun sample @last --show\n"
               "mlrun sample @last --grid 8x8 -o samples.png\n"
               "mlrun sample @last --class 7 -n 10          # of a conditional model\n"
               "mlrun sample @last --class 0..9 --captions -o classes.png   # a row for each class\n"
               "mlrun sample @last -n 8 --nearest 4 --captions -o nearest.png   # beside what it was trained on\n"
               "mlrun sample @last --grid 2x12 --ink black -o paper.png     # black on white\n"
               "mlrun sample @last --complete top -n 6 -o completions.png\n"
               "mlrun sample @last --complete mask.png --images 20..27 --show\n"
               "mlrun sample step-000001500.h5 -n 1000 --seed 7 -o samples.h5\n"
               "mlrun sample @last -n 1000 -o samples.npy    # numpy.load gives bytes [1000, 28, 28]\n"
               "mlrun sample @last -n 32 -o pairs.png       # of a VQ-VAE: images and their reconstructions\n"
               "mlrun sample @last --interpolate 3,8 -n 10 --show  # of a VQ-VAE: from one test image to another\n"
               "mlrun sample @last -n 4 --temperature 0.9 -o -     # symbols as text\n"
               "mlrun sample @last --prompt seven -n 4 -o sevens.png  # of captions: pictures for words\n"
               "mlrun sample @last --caption picture.png -n 3     # of captions: words for a picture\n"
               "mlrun sample @last --draft @last -n 4 -o -         # another, faster run is what speeds it up\n"
               "mlrun sample @last --prompt 'ROMEO:' --length 1000  # of a text\n"
               "mlrun sample @last --prompt @start.txt --top-p 0.95\n"
               "mlrun sample @last --match '[A-Z]+:\\n[A-Za-z ,]+[.!?]'       # a name in capitals, and a sentence\n"
               "mlrun sample @last --match '[^\\n]{20}' --law exact         # by the model's own law, given that\n"
               "mlrun sample @last --grammar verse.ebnf --length 100       # EBNF; likewise --json-schema\n"
               "mlrun sample @last --mask mask.txt --show   # of images: forced pixels\n"
               "mlrun sample @last --prompt 'ROMEO:' --length 1000 --stop 'JULIET'  # until she is named\n"
               "mpirun -n 2 mlrun sample @last -n 1000 -o samples.h5  # by two processes: the same samples");
  add_run(command, o->run);
  command.add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command
      .add_option("-n", o->count, "how many (default: the grid, or 16); with --complete, of each image (default: 4)")
      ->between(int64_t{1}, int64_t{10'000'000})
      ->type_name("N");
  Option* grid = command.add_option("--grid", o->grid, "rows and columns of the sheet, such as 8x8")->type_name("RxC");
  Option* complete =
      command
          .add_option("--complete", o->complete,
                      "draw the rest of test images given the part that is KNOWN: top, left, right, bottom, center, "
                      "checker, rect:R0,C0,R1,C1 (rows R0 to R1-1, columns C0 to C1-1), or a mask.png (white: known); "
                      "of a table columns:A,B,C..D, by names or by numbers from 1. The picture has a row for each "
                      "image: itself, its known part, its completions")
          ->excludes(grid)
          ->type_name("KNOWN")
          ->takes({{Value::kKnownPart}});
  command
      .add_option("--interpolate", o->interpolate,
                  "of a VQ-VAE: -n pictures from test image A to B, whose encodings are mixed, quantised and decoded "
                  "(numbers from 0; default: 16 pictures)")
      ->excludes(grid)
      ->excludes(complete)
      ->type_name("A,B");
  add_caption_option(command, o->caption, grid, complete);
  command
      .add_option("--images", o->images,
                  "which images of the test split --complete takes: how many, of all classes, or a list of numbers and "
                  "ranges A..B from 0 (default: 8)")
      ->needs(complete)
      ->type_name("N|A..B,...");
  command
      .add_option("--sampler", o->sampler,
                  "sequential: one pixel after the other; predictive: all at once, again until nothing changes, to the "
                  "same images (convolutional models, nade and eonade; the others would draw a few other ones). auto: "
                  "sequential where the model has a step form of its own")
      ->one_of({"auto", "sequential", "predictive"})
      ->excludes(complete);
  command.add_option("--seed", o->seed, "of the draws: image i of a seed is the same in every call")->type_name("N");
  add_law_options(command, o->law);
  add_text_options(command, o->text, complete);
  add_draft_options(command, o->draft, complete);
  add_constraint_options(command, o->constraint, complete);
  command
      .add_option(
          "--law", o->constraint_law,
          "of a constraint: local (each step renormalised over what is allowed, as the tools of the field do) or "
          "exact (the model given the constraint, by rejection; refused where hardly a sample would stay)")
      ->excludes(complete)
      ->one_of({"local", "exact"});
  command
      .add_option("--class", o->classes,
                  "of a conditional model: all of this class (default: drawn from p(y); with --complete, each image's "
                  "own). Of several, such as 0..9 or all, each has a row of -n samples (default: 8)")
      ->type_name("K|A..B,...|all")
      ->takes({{}, {"all"}});
  command
      .add_option("--nearest", o->nearest,
                  "beside each sample the K training images nearest to it, and the distance: is the model copying?")
      ->between(int64_t{1}, int64_t{100})
      ->excludes(complete)
      ->excludes(grid)
      ->type_name("K");
  command.add_option("--batch", o->batch, "images that are drawn together")
      ->between(int64_t{1}, int64_t{65536})
      ->type_name("N");
  add_sheet_options(command, o->sheet);
  command.add_option("-o,--out", o->out, "a file ending in .png, .h5, .npy or .txt, or - for text on stdout")
      ->type_name("FILE");
  command.add_flag("--show", o->show, "draw them in the terminal");
  command.add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  add_mixed_cpus(command, o->mixed_cpus);
  command.callback([o, &globals] { run_sample(*o, globals); });
}

}  // namespace mlrun::cli
