// mlrun hippo: what a memory of N coefficients keeps of a signal.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/chart.hpp"
#include "cli/terminal/terminal.hpp"
#include "cli/terminal/wrapped.hpp"
#include "cli/words/chart.hpp"
#include "commands/hippo.hpp"
#include "figure/picture.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

struct HippoOptions {
  HippoRequest request;
  std::string measure = "legs", rule = "bilinear";
  int64_t length = 0;
  double window = 0;
  std::vector<std::string> out;
};

constexpr double kWidth = 760, kHeight = 260;  // of a picture, points
constexpr int kRows = 12;

void require_known_files(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (!file.ends_with(".csv")) picture_format(file, ", or .csv for the numbers");
  }
}

void write_hippo(const std::string& file, const HippoOutcome& e) {
  if (file.ends_with(".csv")) return io::write_atomically(file, csv_of(e));
  const figure::Chart chart = chart_of(e, {HippoCurve::kSignal, HippoCurve::kReconstruction});
  io::write_atomically(file, figure::picture_of(chart, picture_format(file), kWidth, kHeight));
}

// Signal above, reconstruction below, on one scale.
void show_hippo(const HippoOutcome& e, const Screen& screen) {
  for (const HippoCurve curve : {HippoCurve::kSignal, HippoCurve::kReconstruction}) {
    figure::Chart chart = chart_of(e, {curve});
    fmt::print("{}\n", chart.series[0].name);
    chart.series[0].name = "";
    fmt::print("{}", chart_text(chart, screen, kRows));
  }
}

void run_hippo(const HippoOptions& o, const Globals& globals) {
  HippoRequest request = o.request;
  for (const auto m : {hippo::Measure::kLegS, hippo::Measure::kLegT, hippo::Measure::kLagT}) {
    if (o.measure == hippo::name_of(m)) request.measure = m;
  }
  for (const auto r : {hippo::Discretisation::kForward, hippo::Discretisation::kBackward,
                       hippo::Discretisation::kBilinear, hippo::Discretisation::kZoh}) {
    if (o.rule == hippo::name_of(r)) request.rule = r;
  }
  if (o.length > 0) request.length = o.length;
  if (o.window > 0) request.window = o.window;
  if (o.window > 0 && request.measure == hippo::Measure::kLegS) {
    fail(ExitCode::kUsage, "--window: legs weighs all of the past alike\n  remedy     --measure legt or lagt");
  }
  require_known_files(o.out);
  const HippoOutcome e = project_signal(request);
  for (const std::string& file : o.out) write_hippo(file, e);
  if (globals.json) {
    nlohmann::ordered_json answer = {{"signal", request.signal},
                                     {"length", e.signal.size()},
                                     {"measure", o.measure},
                                     {"order", request.order},
                                     {"discretisation", o.rule},
                                     {"window", nullptr},
                                     {"rms", e.error.rms},
                                     {"signal_rms", e.error.signal_rms},
                                     {"relative", e.error.relative()},
                                     {"coefficients", e.coefficients}};
    if (request.measure != hippo::Measure::kLegS) answer["window"] = e.window;
    fmt::print("{}\n", io::json_line(answer));
    return;
  }
  if (!globals.quiet) show_hippo(e, screen_of(STDOUT_FILENO, globals.color_choice()));
  const std::string reach = request.measure == hippo::Measure::kLegS ? ""
                            : request.measure == hippo::Measure::kLegT
                                ? fmt::format(", over the last {:g}", e.window)
                                : fmt::format(", weighted by exp(-age / {:g})", e.window);
  print_wrapped(fmt::format("{} samples in {} coefficients ({}, {}): rms error {:.4g}, relative {:.4g}{}",
                            e.signal.size(), request.order, o.measure, o.rule, e.error.rms, e.error.relative(), reach));
}

}  // namespace

void add_hippo(Command& command, const Globals& globals) {
  auto o = std::make_shared<HippoOptions>();
  o->request.signal = "chirp";
  set_examples(command,
               "mlrun hippo                                  # a chirp in 64 coefficients\n"
               "mlrun hippo noise --seed 3 --order 32 -o noise.png\n"
               "mlrun hippo steps --measure legt --window 300 -o steps.csv\n"
               "mlrun hippo polynomial --order 5 --discretisation zoh --json\n"
               "mlrun hippo prices.csv --column close --measure lagt\n"
               "seq 500 | mlrun hippo - --order 2");
  std::string names;
  for (const SignalName& s : builtin_signals())
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", s.name, s.summary);
  command
      .add_option("SIGNAL", o->request.signal,
                  fmt::format("{}; or a file: one number on each line, or a .csv; - is standard input", names))
      ->type_name("NAME|FILE|-");
  command
      .add_option("--measure", o->measure,
                  "what of the past counts: legs (all alike), legt (the last --window alike), lagt (fading, with the "
                  "time constant --window)")
      ->one_of({"legs", "legt", "lagt"});
  command.add_option("--order", o->request.order, "coefficients (64)")
      ->between(int64_t{1}, int64_t{1024})
      ->type_name("N");
  command
      .add_option("--discretisation", o->rule,
                  "forward or backward (Euler), bilinear, zoh (zero-order hold: exact for a signal of steps)")
      ->one_of({"forward", "backward", "bilinear", "zoh"});
  command.add_option("--length", o->length, "samples of a built-in signal (1000), or the first of a file (all)")
      ->between(int64_t{1}, int64_t{10'000'000})
      ->type_name("L");
  command.add_option("--window", o->window, "theta, in samples (legt: the length; lagt: a tenth of it)")
      ->between(1e-6, 1e12)
      ->type_name("THETA");
  command.add_option("--column", o->request.column, "of a .csv: a name of its first line, or a number from 1 (1)")
      ->type_name("NAME|K");
  command.add_option("--seed", o->request.seed, "of steps, noise and white (0)")->type_name("S");
  command.add_option("-o,--out", o->out, "write a picture (.png, .svg, .pdf) or all numbers (.csv)")
      ->type_name("FILE")
      ->one_at_a_time();
  command.callback([o, &globals] { run_hippo(*o, globals); });
}

}  // namespace mlrun::cli
