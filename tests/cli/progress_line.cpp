#include "cli/terminal/progress_line.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "catch.hpp"

using namespace mlrun::cli;

TEST_CASE("the progress line fits every width and keeps what matters longest") {
  Progress p;
  p.step = 1730;
  p.total_steps = 25'000;
  p.fraction = 0.0692;
  p.nats = 95.12;
  p.lr = 1e-3;
  p.gradient_norm = 2.31;
  p.items_per_s = 41'800;
  p.eta = 56;
  p.item = "img";
  for (int width = 1; width < 150; ++width)
    CHECK(static_cast<int>(progress_bar(p, width).size()) <= std::max(width - 1, 1));
  CHECK(progress_bar(p, 80) == " [---------]   6%  step 1730/25000  nll 95.12  lr 1.0e-3  41.8k img/s  eta 0:56");
  CHECK(progress_bar(p, 30) == "  6%  eta 0:56");
  CHECK(progress_bar(p, 150).size() == progress_bar(p, 120).size());
  p.fraction = 0.99999;
  CHECK(progress_bar(p, 120).find("99%") != std::string::npos);
  p.total_steps = 0;
  p.fraction = p.eta = NAN;
  CHECK(progress_bar(p, 120) == " step 1730  nll 95.12  lr 1.0e-3  |g| 2.31  41.8k img/s");
}

TEST_CASE("the pace counts pauses and forgets the distant past") {
  Pace pace;
  pace.start(0, 100);
  CHECK(std::isnan(pace.seconds_per_step()));
  pace.add(10, 110);
  CHECK(pace.seconds_per_step() == Approx(1));
  pace.add(20, 110);  // an evaluation of 10 s
  CHECK(pace.seconds_per_step() > 1.9);
  for (int i = 1; i <= 600; ++i) pace.add(20 + i, 110 + 4 * i);
  CHECK(pace.seconds_per_step() == Approx(0.25).epsilon(0.01));
}

TEST_CASE("numbers of the progress line are short") {
  CHECK(print_short(1e-3) == "1.0e-3");
  CHECK(print_short(2.5e-10) == "2.5e-10");
  CHECK(print_short(1) == "1.0e0");
  CHECK(print_short(3e5, 1) == "3e5");
  CHECK(print_nll(131.416) == "131.42");
  CHECK(print_nll(0.693147) == "0.6931");
  CHECK(print_nll(NAN) == "-");
}
