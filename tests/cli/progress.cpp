#include "cli/terminal/progress.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/log.hpp"
#include "catch.hpp"
#include "patience.hpp"

using namespace mlrun;
using namespace mlrun::cli;

namespace {

Screen terminal(int width = 120) {
  Screen screen;
  screen.terminal = true;
  screen.dumb = false;
  screen.utf8 = true;
  screen.width = [width] { return width; };
  return screen;
}

// A screen with a hand-turned clock.
struct Stage {
  std::string text;
  int writes = 0;
  double now = 1000;
  ScreenObserver observer;

  explicit Stage(ProgressMode mode, const Screen& screen)
      : observer(
            mode, screen, "oneDNN 2.6.3",
            [this](std::string_view part) {
              text += part;
              ++writes;
            },
            [this] { return now; }) {}
  std::string take() { return std::exchange(text, {}); }
};

RunHeader header() {
  RunHeader h;
  h.spec = "configs/made.yaml + 2 overrides (optim.lr, seed)";
  h.fingerprint = "9f3c1a77aa";
  h.data = "MNIST 50000/10000/10000, binarized: static";
  h.data_hash = "ad69" + std::string(58, '0') + "4d";
  h.model = "made";
  h.model_text = "hidden [500]";
  h.parameters = h.active_parameters = 785'284;
  h.lanes = 2;
  h.threads = 1;
  h.directory = "experiments/made-1";
  h.total_steps = 25'000;
  h.item = "img";
  return h;
}

StepReport step(int64_t n) {
  StepReport r;
  r.step = n;
  r.loss = 95.12;
  r.lr = 1e-3;
  r.gradient_norm = 2.31;
  r.items_per_s = 41'800;
  r.elapsed = static_cast<double>(n) / 400;
  return r;
}

EvaluationReport evaluation(int64_t n, bool best, bool saved) {
  EvaluationReport r;
  r.epoch = static_cast<double>(n) / 500;
  r.step = n;
  r.train_nll = 131.42;
  r.valid.nll = 112.08;
  r.valid.bpd = 0.2063;
  r.items_per_s = 41'234;
  r.elapsed = 3;
  r.best = best;
  r.saved = saved;
  return r;
}

// What a terminal would show: carriage returns and erasures carried out.
std::string shown(const std::string& bytes) {
  std::string done, line;
  size_t column = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      done += line + '\n';
      line.clear();
      column = 0;
    } else if (bytes[i] == '\r') {
      column = 0;
    } else if (bytes.compare(i, 3, "\033[K") == 0) {
      line.resize(std::min(line.size(), column));
      i += 2;
    } else {
      if (column >= line.size()) line.resize(column + 1, ' ');
      line[column++] = bytes[i];
    }
  }
  return done + line;
}

}  // namespace

TEST_CASE("the header tells what is run") {
  Stage stage(ProgressMode::kAuto, Screen{});
  stage.observer.started(header());
  const std::string expected =
      "  oneDNN 2.6.3   2 lanes on 1 thread\n"
      "spec     configs/made.yaml + 2 overrides (optim.lr, seed)   fingerprint 9f3c1a\n"
      "data     MNIST 50000/10000/10000, binarized: static         sha256 ad69..4d\n"
      "model    made  hidden [500]                                 785 284 parameters  3.1 MB\n"
      "run      experiments/made-1\n"
      "  epoch     step   train/nll   valid/nll   valid/bpd     img/s     time\n";
  const std::string text = stage.take();
  CHECK(text.starts_with("mlrun "));
  CHECK(text.substr(text.find("  oneDNN")) == expected);
}

TEST_CASE("a loss that is more than the NLL is called a loss") {
  Stage stage(ProgressMode::kLines, Screen{});
  RunHeader of_vqvae = header();
  of_vqvae.loss_is_nll = false;
  stage.observer.started(of_vqvae);
  stage.take();
  stage.now += 31;
  stage.observer.stepped(step(300));
  CHECK(stage.take().find("loss 95.12") != std::string::npos);
}

TEST_CASE("off a terminal there is one line per evaluation or per 30 seconds, and never a carriage return") {
  for (const ProgressMode mode : {ProgressMode::kAuto, ProgressMode::kLines, ProgressMode::kBar}) {
    Stage stage(mode, Screen{});
    stage.observer.started(header());
    stage.take();
    for (int i = 1; i < 300; ++i) {
      stage.now += 0.1;
      stage.observer.stepped(step(i));
    }
    CHECK(stage.take().empty());
    stage.now += 0.2;
    stage.observer.stepped(step(300));
    CHECK(stage.take() == "   1%  step 300/25000  nll 95.12  lr 1.0e-3  |g| 2.31  41.8k img/s  eta 41:18\n");
    stage.now += 25;
    stage.observer.evaluated(evaluation(500, true, true));
    CHECK(stage.take() == "      1      500      131.42      112.08      0.2063    41 200     0:03  * saved\n");
    stage.now += 29;  // 54 s after the last progress line, but 29 after the evaluation
    stage.observer.stepped(step(501));
    CHECK(stage.take().empty());
    stage.observer.preview({io::Image{}});
    stage.observer.finished(RunStatus::kStopped);
    const std::string end = stage.take();
    CHECK(end == "stopped at step 501/25000 after 0:01   best valid/nll 112.08 at step 500\n");
  }
}

TEST_CASE("on a terminal the line is redrawn at most ten times per second") {
  Stage stage(ProgressMode::kAuto, terminal());
  stage.observer.started(header());
  stage.writes = 0;
  for (int i = 1; i <= 1000; ++i) {
    stage.now += 0.001;
    stage.observer.stepped(step(i));
  }
  CHECK(stage.writes >= 9);
  CHECK(stage.writes <= 11);
}

TEST_CASE("an evaluation takes the place of the redrawn line") {
  Stage stage(ProgressMode::kAuto, terminal());
  stage.observer.started(header());
  stage.take();
  stage.now += 1;
  stage.observer.stepped(step(1730));
  CHECK(shown(stage.text) ==
        " [#---------------------]   6%  step 1730/25000  nll 95.12  lr 1.0e-3  |g| 2.31  41.8k img/s  eta 0:13");
  stage.observer.evaluated(evaluation(1000, false, false));
  CHECK(shown(stage.text) == "      2     1000      131.42      112.08      0.2063    41 200     0:03\n");
  stage.take();
  stage.now += 1;
  stage.observer.stepped(step(1731));
  stage.observer.finished(RunStatus::kFinished);
  CHECK(shown(stage.text) == "finished at step 1731/25000 after 0:04\n");
}

TEST_CASE("a dumb terminal gets plain lines, and with bar a line redrawn without escape sequences") {
  Screen dumb = terminal();
  dumb.dumb = true;
  for (const ProgressMode mode : {ProgressMode::kAuto, ProgressMode::kBar}) {
    Stage stage(mode, dumb);
    stage.observer.started(header());
    stage.now += 1;
    stage.observer.stepped(step(20'000));
    stage.now += 1;
    StepReport shorter = step(20'001);
    shorter.items_per_s = 0;
    stage.observer.stepped(shorter);
    CHECK(stage.text.find('\033') == std::string::npos);
    CHECK((stage.text.find('\r') != std::string::npos) == (mode == ProgressMode::kBar));
    CHECK(shown(stage.text).find("img/s  eta") == std::string::npos);  // nothing is left of the longer line
  }
}

TEST_CASE("a message wipes the redrawn line first, and a destroyed observer leaves the log alone") {
  log::set_level(log::Level::kWarning);
  {
    Stage stage(ProgressMode::kAuto, terminal());
    stage.observer.started(header());
    stage.now += 1;
    stage.observer.stepped(step(10));
    stage.take();
    log::message(log::Level::kWarning, "(a message of the progress test)");
    CHECK(stage.take() == "\r\033[K");
    log::message(log::Level::kWarning, "(another)");
    CHECK(stage.take().empty());  // nothing to wipe any more
  }
  log::message(log::Level::kWarning, "(the observer is gone)");
  log::set_level(log::Level::kInfo);
}

TEST_CASE("the mode none writes nothing") {
  Stage stage(ProgressMode::kNone, terminal());
  stage.observer.started(header());
  stage.now += 100;
  stage.observer.stepped(step(1));
  stage.observer.evaluated(evaluation(1, true, true));
  stage.observer.preview({io::Image{}});
  stage.observer.finished(RunStatus::kFinished);
  CHECK(stage.text.empty());
}

TEST_CASE("a wide terminal shows a preview row, a narrow one does not") {
  io::Image image;
  image.width = image.height = 28;
  image.pixels.assign(784, 255);
  const std::vector<io::Image> images(20, image);
  Stage wide(ProgressMode::kAuto, terminal(100));
  CHECK(wide.observer.wants_preview());
  wide.observer.preview(images);
  CHECK(std::count(wide.text.begin(), wide.text.end(), '\n') == 7);
  Stage narrow(ProgressMode::kAuto, terminal(79));
  CHECK_FALSE(narrow.observer.wants_preview());
  narrow.observer.preview(images);
  CHECK(narrow.text.empty());
}

TEST_CASE("a run that is limited by time counts its time") {
  Stage stage(ProgressMode::kLines, Screen{});
  RunHeader h = header();
  h.total_steps = 0;
  h.total_minutes = 10;
  stage.observer.started(h);
  stage.take();
  stage.now += 31;
  StepReport r = step(60);
  r.elapsed = 150;
  stage.observer.stepped(r);
  CHECK(stage.take() == "  25%  step 60  nll 95.12  lr 1.0e-3  |g| 2.31  41.8k img/s  eta 7:30\n");
}

TEST_CASE("a step at which nothing is drawn costs less than a microsecond") {
  ScreenObserver observer(
      ProgressMode::kAuto, terminal(), {}, [](std::string_view) {}, steady_seconds);
  observer.started(header());
  const StepReport report = step(1);
  constexpr int kSteps = 20'000;
  double best = 1;  // of several rounds: the machine may be busy
  for (int round = 0; round < 20; ++round) {
    const double start = steady_seconds();
    for (int i = 0; i < kSteps; ++i) observer.stepped(report);
    best = std::min(best, (steady_seconds() - start) / kSteps);
  }
  INFO(best * 1e9 << " ns");
  CHECK(best < 1e-6 * mlrun::test::patience());
}
