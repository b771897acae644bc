#include "figure/web.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "figure/draw.hpp"
#include "figure/palette.hpp"

namespace mlrun::figure {
namespace {

constexpr size_t kMostPoints = 400;  // of a curve, in the data for the pointer

std::string ink_class(const Ink& ink) {
  switch (ink.role) {
    case Ink::Role::kSeries:
      return fmt::format("s{}", ink.series);
    case Ink::Role::kGrid:
      return "grid";
    case Ink::Role::kFrame:
      return "frame";
    case Ink::Role::kText:
      break;
  }
  return "ink";
}

std::string opacity_of(const Ink& ink) { return ink.opacity < 1 ? fmt::format(" opacity=\"{:g}\"", ink.opacity) : ""; }

// Widths of a sans-serif font, a little on the wide side: the page's own font is not known here.
double estimated_width(const std::string& text) {
  double em = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // a further byte of the same character
    if (std::string("iljtfI.,:;|!'()[] ").find(c) != std::string::npos) em += 0.34;
    else if (std::string("mwMW@%").find(c) != std::string::npos) em += 0.9;
    else em += c >= 'A' && c <= 'Z' ? 0.7 : 0.6;
  }
  return em;
}

class SvgCanvas : public Canvas {
 public:
  void line(std::span<const Point> points, const Stroke& stroke) override {
    out += fmt::format("<polyline class=\"l {}{}\"{} stroke-width=\"{:g}\" points=\"{}\"/>", ink_class(stroke.ink),
                       stroke.dash ? fmt::format(" d{}", stroke.dash) : "", opacity_of(stroke.ink), stroke.width,
                       list(points));
  }
  void area(std::span<const Point> outline, const Ink& ink) override {
    out += fmt::format("<polygon class=\"f {}\"{} points=\"{}\"/>", ink_class(ink), opacity_of(ink), list(outline));
  }
  void dot(Point centre, double radius, const Ink& ink) override {
    out += fmt::format("<circle class=\"f {}\"{} cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:g}\"/>", ink_class(ink),
                       opacity_of(ink), centre.x, centre.y, radius);
  }
  void text(Point at, const std::string& text, const TextStyle& style) override {
    const char* anchor = style.anchor == Anchor::kStart ? "start" : style.anchor == Anchor::kMiddle ? "middle" : "end";
    const std::string turn = style.upwards ? fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", at.x, at.y) : "";
    out += fmt::format("<text{}{} x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:g}\" text-anchor=\"{}\"{}>{}</text>",
                       style.halo ? " class=\"halo\"" : "", turn, at.x, at.y, style.size, anchor,
                       style.bold ? " font-weight=\"bold\"" : "", html_escaped(text));
  }
  double text_width(const std::string& text, double size) const override { return size * estimated_width(text); }

  std::string out;

 private:
  static std::string list(std::span<const Point> points) {
    std::string text;
    for (const Point& p : points) text += fmt::format("{}{:.1f},{:.1f}", text.empty() ? "" : " ", p.x, p.y);
    return text;
  }
};

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

// What the script finds: frame, scales, and the points of each curve.
std::string hover_data(const Chart& chart, const Frame& frame) {
  const auto scale = [](const Scale& s) {
    return fmt::format("[{:.6g},{:.6g},{}]", s.low(), s.high(), s.log() ? 1 : 0);
  };
  std::string text = fmt::format(
      "{{\"frame\":[{:.1f},{:.1f},{:.1f},{:.1f}],\"x\":{},\"y\":{},\"label\":{},\"series\":[", frame.left, frame.top,
      frame.width, frame.height, scale(frame.scales.x), scale(frame.scales.y), json_text(chart.x.label));
  bool first = true;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& s = chart.series[i];
    if (s.rule) continue;
    std::string xs, ys;
    const size_t stride = std::max<size_t>(1, (s.x.size() + kMostPoints - 1) / kMostPoints);
    for (size_t k = 0; k < s.x.size(); k += stride) {
      if (!std::isfinite(s.y[k])) continue;
      xs += fmt::format("{}{:.6g}", xs.empty() ? "" : ",", s.x[k]);
      ys += fmt::format("{}{:.6g}", ys.empty() ? "" : ",", s.y[k]);
    }
    text += fmt::format("{}{{\"name\":{},\"c\":{},\"px\":[{}],\"py\":[{}]}}", first ? "" : ",", json_text(s.name),
                        colour_of(s, i), xs, ys);
    first = false;
  }
  return text + "]}";
}

std::string colours(const std::array<Colour, kPalette.size()>& palette) {
  std::string text;
  for (size_t i = 0; i < palette.size(); ++i)
    text += fmt::format("--s{}:#{:02x}{:02x}{:02x};", i, palette[i].red, palette[i].green, palette[i].blue);
  return text;
}

}  // namespace

std::string html_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg_element(const Chart& chart, double width, double height) {
  Chart bare = chart;
  for (Series& s : bare.series) s.name.clear();
  SvgCanvas canvas;
  const Frame frame = draw(bare, canvas, width, height);
  return fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {:g} {:g}\" role=\"img\" aria-label=\"{}\" data-chart=\"{}\">{}</svg>", width,
      height, html_escaped(chart.y.label + " by " + chart.x.label), html_escaped(hover_data(chart, frame)), canvas.out);
}

std::string legend_element(const Chart& chart) {
  std::string items;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& s = chart.series[i];
    if (s.name.empty()) continue;
    const int dash = s.rule ? 2 : dash_of(i);
    items += fmt::format(
        "<li><svg width=\"26\" height=\"10\" aria-hidden=\"true\"><polyline class=\"l {}{}\" stroke-width=\"{}\" "
        "points=\"1,5 25,5\"/></svg>{}</li>",
        s.rule ? "frame" : fmt::format("s{}", colour_of(s, i)), dash ? fmt::format(" d{}", dash) : "", s.marks ? 6 : 2,
        html_escaped(s.name));
  }
  return items.empty() ? "" : "<ul class=\"legend\">" + items + "</ul>";
}

std::string web_style() {
  std::string text = ":root{" + colours(kPalette) + "--ink:#222;--frame:#6e6e6e;--grid:#dedede;--ground:#fff}";
  text += "@media (prefers-color-scheme:dark){:root{" + colours(kDarkPalette) +
          "--ink:#e4e4e4;--frame:#9a9a9a;--grid:#3a3a3a;--ground:#161616}}";
  text += "@media print{:root{" + colours(kPalette) + "--ink:#222;--frame:#6e6e6e;--grid:#dedede;--ground:#fff}}";
  text +=
      ".chart{display:block;width:100%;height:auto;touch-action:pan-y;font-family:inherit}"
      ".chart text{fill:var(--ink)}"
      ".chart text.halo{paint-order:stroke;stroke:var(--ground);stroke-width:3px}"
      ".l{fill:none;stroke-linejoin:round}.d1{stroke-dasharray:5 3}.d2{stroke-dasharray:2.5 2.5}.d3{stroke-dasharray:1 "
      "2}"
      ".l.ink{stroke:var(--ink)}.l.frame{stroke:var(--frame)}.l.grid{stroke:var(--grid)}.f.ink{fill:var(--ink)}";
  for (size_t i = 0; i < kPalette.size(); ++i)
    text += fmt::format(".l.s{0}{{stroke:var(--s{0})}}.f.s{0}{{fill:var(--s{0})}}", i);
  text +=
      ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2em 1.4em;padding:0;margin:.3em 0 1em;font-size:.9em}"
      ".legend li{display:flex;align-items:center;gap:.5em}.legend svg{flex:none}"
      ".tip{position:fixed;pointer-events:none;background:var(--ground);color:var(--ink);border:1px solid var(--frame);"
      "border-radius:4px;padding:.3em .6em;font-size:.85em;max-width:80vw;z-index:2;white-space:pre-line}";
  return text;
}

std::string web_script() {
  return R"js((function () {
  var tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.appendChild(tip);
  function place(axis, v) {
    return axis[2] ? Math.log(v / axis[0]) / Math.log(axis[1] / axis[0]) : (v - axis[0]) / (axis[1] - axis[0]);
  }
  document.querySelectorAll('svg[data-chart]').forEach(function (svg) {
    var chart = JSON.parse(svg.getAttribute('data-chart')), f = chart.frame;
    var NS = 'http://www.w3.org/2000/svg', spot = document.createElementNS(NS, 'circle');
    spot.setAttribute('r', 4);
    spot.setAttribute('visibility', 'hidden');
    svg.appendChild(spot);
    function leave() { tip.hidden = true; spot.setAttribute('visibility', 'hidden'); }
    svg.addEventListener('pointermove', function (e) {
      var box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
      var mx = (e.clientX - box.left) * scale, my = (e.clientY - box.top) * scale, best = null, least = 2500;
      chart.series.forEach(function (s) {
        for (var i = 0; i < s.px.length; i++) {
          var x = f[0] + f[2] * place(chart.x, s.px[i]), y = f[1] + f[3] * (1 - place(chart.y, s.py[i]));
          if (y < f[1] - 1 || y > f[1] + f[3] + 1) continue;
          var d = (x - mx) * (x - mx) + (y - my) * (y - my);
          if (d < least) { least = d; best = { x: x, y: y, s: s, i: i }; }
        }
      });
      if (!best) { leave(); return; }
      spot.setAttribute('cx', best.x);
      spot.setAttribute('cy', best.y);
      spot.setAttribute('class', 'f s' + best.s.c);
      spot.setAttribute('visibility', 'visible');
      tip.textContent = (best.s.name ? best.s.name + '\n' : '') + chart.label + ' ' + best.s.px[best.i] + ': ' + best.s.py[best.i];
      tip.hidden = false;
      var left = Math.min(e.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
      tip.style.left = Math.max(4, left) + 'px';
      tip.style.top = Math.max(4, e.clientY - tip.offsetHeight - 12) + 'px';
    });
    svg.addEventListener('pointerleave', leave);
  });
})();
)js";
}

}  // namespace mlrun::figure
