#include "figure/picture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "catch.hpp"
#include "figure/draw.hpp"
#include "figure/web.hpp"

using namespace mlrun::figure;

namespace {

Chart sample_chart() {
  Chart chart;
  chart.x.label = "step";
  chart.y.label = "valid/nll (nats)";
  Series s{"hidden <500> & \"more\"", {}, {}};
  for (int i = 1; i <= 40; ++i) {
    s.x.push_back(100 * i);
    s.y.push_back(i == 20 ? std::numeric_limits<double>::quiet_NaN() : 85 + 50 * std::exp(-i / 5.0));
    s.low.push_back(s.y.back() - 1);
    s.high.push_back(s.y.back() + 1);
  }
  chart.series = {s, {"marks", {1000, 2000}, {90, 95}}};
  chart.series[1].marks = true;
  chart.series[1].labels = {"", "here"};
  chart.lines = {{88.33, "NADE 88.33"}};
  return chart;
}

int big_endian(const std::string& text, size_t at) {
  int value = 0;
  for (size_t i = 0; i < 4; ++i) value = value * 256 + static_cast<unsigned char>(text[at + i]);
  return value;
}

// Counts what is drawn, and holds it to the picture.
class CountingCanvas : public Canvas {
 public:
  explicit CountingCanvas(double width, double height) : width_(width), height_(height) {}
  void line(std::span<const Point> points, const Stroke& stroke) override {
    if (stroke.ink.role == Ink::Role::kSeries) ++curves;
    most_points = std::max(most_points, points.size());
    for (const Point& p : points) inside(p);
  }
  void area(std::span<const Point> outline, const Ink&) override {
    ++areas;
    for (const Point& p : outline) inside(p);
  }
  void dot(Point centre, double, const Ink&) override {
    ++dots;
    inside(centre);
  }
  void text(Point at, const std::string& text, const TextStyle&) override {
    inside(at);
    words.push_back(text);
  }
  double text_width(const std::string& text, double size) const override {
    return 0.6 * size * static_cast<double>(text.size());
  }
  int curves = 0, areas = 0, dots = 0;
  size_t most_points = 0;
  std::vector<std::string> words;
  bool says(const std::string& text) const { return std::find(words.begin(), words.end(), text) != words.end(); }

 private:
  void inside(Point p) const {
    CHECK(std::isfinite(p.x));
    CHECK(std::isfinite(p.y));
    CHECK(p.x >= -0.01);
    CHECK(p.x <= width_ + 0.01);
    CHECK(p.y >= -0.01);
    CHECK(p.y <= height_ + 0.01);
  }
  double width_, height_;
};

}  // namespace

TEST_CASE("a chart is drawn within its picture at any size, with names, levels and a gap where a value is missing") {
  for (const auto& [width, height] : {std::pair(640.0, 400.0), std::pair(200.0, 150.0), std::pair(1200.0, 300.0)}) {
    CountingCanvas canvas(width, height);
    const Frame frame = draw(sample_chart(), canvas, width, height);
    CHECK(frame.width > 0);
    CHECK(canvas.curves >= 2);  // before and after the gap
    CHECK(canvas.areas >= 2);
    CHECK(canvas.says("NADE 88.33"));
    CHECK(canvas.says("here"));
    CHECK(canvas.says("step"));
  }
}

TEST_CASE("a legend that is too long counts what it does not name, and curves beyond the palette are dashed") {
  Chart chart;
  for (int i = 0; i < 40; ++i)
    chart.series.push_back({"a rather long name of a run " + std::to_string(i), {0, 1}, {0, 1.0 * i}});
  CountingCanvas canvas(640, 400);
  draw(chart, canvas, 640, 400);
  CHECK(std::any_of(canvas.words.begin(), canvas.words.end(), [](const auto& w) { return w.ends_with(" more"); }));
  CHECK(colour_of(chart.series[7], 7) == colour_of(chart.series[0], 0));
  CHECK(dash_of(7) != dash_of(0));
}

TEST_CASE("a curve of a million points is thinned to what can be seen") {
  Chart chart;
  Series s{"", {}, {}};
  for (int i = 0; i < 1'000'000; ++i) {
    s.x.push_back(i);
    s.y.push_back(std::sin(i * 1e-4) + (i % 1000 * 7 % 1000) * 1e-3);
  }
  chart.series = {s};
  CountingCanvas canvas(640, 400);
  draw(chart, canvas, 640, 400);
  CHECK(canvas.most_points < 6000);
}

TEST_CASE("PNG, SVG and PDF are what their names say, of the size that was asked for") {
  const Chart chart = sample_chart();
  const std::string png = picture_of(chart, Format::kPng, 320, 200);
  CHECK(png.substr(1, 3) == "PNG");
  CHECK(big_endian(png, 16) == 640);
  CHECK(big_endian(png, 20) == 400);
  const std::string svg = picture_of(chart, Format::kSvg, 320, 200);
  CHECK(svg.find("<svg") != std::string::npos);
  CHECK(svg.find("<text") == std::string::npos);  // outlines: no font of the reader's machine is asked for
  const std::string pdf = picture_of(chart, Format::kPdf, 320, 200);
  CHECK(pdf.substr(0, 5) == "%PDF-");
  CHECK(pdf.find("/FontFile") != std::string::npos);  // embedded
  CHECK(picture_of(chart, Format::kPng, 320, 200) == png);
  CHECK(picture_of(chart, Format::kPdf, 320, 200) == pdf);  // no time of its making
  for (const Format format : {Format::kPng, Format::kSvg, Format::kPdf})
    CHECK(!picture_of(Chart(), format, 100, 100).empty());
}

TEST_CASE("an element of a web page needs nothing from elsewhere, is escaped, and holds its values") {
  const std::string svg = svg_element(sample_chart(), 360, 300);
  CHECK(svg.starts_with("<svg class=\"chart\" viewBox=\"0 0 360 300\""));
  CHECK(svg.find("http") == std::string::npos);
  CHECK(svg.find("<500>") == std::string::npos);
  const size_t begin = svg.find("data-chart=\"") + 12;
  std::string data = svg.substr(begin, svg.find('"', begin) - begin);
  for (const auto& [code, character] :
       {std::pair("&quot;", "\""), std::pair("&lt;", "<"), std::pair("&gt;", ">"), std::pair("&amp;", "&")}) {
    for (size_t at = data.find(code); at != std::string::npos; at = data.find(code, at + 1))
      data.replace(at, std::string(code).size(), character);
  }
  const auto values = nlohmann::json::parse(data);
  CHECK(values["series"][0]["name"] == "hidden <500> & \"more\"");
  CHECK(values["series"][0]["px"].size() == 39);  // one is missing
  CHECK(values["series"][0]["py"][0].get<double>() == Approx(85 + 50 * std::exp(-0.2)).epsilon(1e-5));
  CHECK(legend_element(sample_chart()).find("hidden &lt;500&gt; &amp; &quot;more&quot;") != std::string::npos);
  CHECK(web_style().find("prefers-color-scheme:dark") != std::string::npos);
  CHECK(web_script().find("http://www.w3.org/2000/svg") != std::string::npos);  // a name, not an address to fetch
}
