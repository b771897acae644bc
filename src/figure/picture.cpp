#include "figure/picture.hpp"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "figure/cairo_status.hpp"
#include "figure/draw.hpp"
#include "figure/palette.hpp"

namespace mlrun::figure {
namespace {

constexpr double kPixelsPerPoint = 2;
constexpr double kMostPoints = 10'000;

class CairoCanvas : public Canvas {
 public:
  explicit CairoCanvas(cairo_surface_t* surface) : cairo_(cairo_create(surface), cairo_destroy) {
    check(cairo_surface_status(surface));
    cairo_set_line_join(cairo_.get(), CAIRO_LINE_JOIN_ROUND);
    cairo_set_source_rgb(cairo_.get(), 1, 1, 1);
    cairo_paint(cairo_.get());
  }

  void line(std::span<const Point> points, const Stroke& stroke) override {
    trace(points);
    use(stroke.ink);
    cairo_set_line_width(cairo_.get(), stroke.width);
    constexpr std::array<std::array<double, 2>, 4> kDashes = {{{0, 0}, {5, 3}, {2.5, 2.5}, {1, 2}}};
    cairo_set_dash(cairo_.get(), kDashes[static_cast<size_t>(stroke.dash)].data(), stroke.dash == 0 ? 0 : 2, 0);
    cairo_stroke(cairo_.get());
  }

  void area(std::span<const Point> outline, const Ink& ink) override {
    trace(outline);
    use(ink);
    cairo_fill(cairo_.get());
  }

  void dot(Point centre, double radius, const Ink& ink) override {
    cairo_new_path(cairo_.get());
    cairo_arc(cairo_.get(), centre.x, centre.y, radius, 0, 2 * M_PI);
    use(ink);
    cairo_fill(cairo_.get());
  }

  void text(Point at, const std::string& text, const TextStyle& style) override {
    choose_font(style.size, style.bold);
    const double width = advance(text);
    const double before = style.anchor == Anchor::kStart ? 0 : style.anchor == Anchor::kMiddle ? width / 2 : width;
    cairo_save(cairo_.get());
    cairo_translate(cairo_.get(), at.x, at.y);
    if (style.upwards) cairo_rotate(cairo_.get(), -M_PI / 2);
    if (style.halo) {
      cairo_new_path(cairo_.get());
      cairo_move_to(cairo_.get(), -before, 0);
      cairo_text_path(cairo_.get(), text.c_str());
      cairo_set_source_rgb(cairo_.get(), 1, 1, 1);
      cairo_set_dash(cairo_.get(), nullptr, 0, 0);
      cairo_set_line_width(cairo_.get(), 3);
      cairo_stroke(cairo_.get());
    }
    use({Ink::Role::kText});
    cairo_move_to(cairo_.get(), -before, 0);
    cairo_show_text(cairo_.get(), text.c_str());
    cairo_restore(cairo_.get());
  }

  double text_width(const std::string& text, double size) const override {
    choose_font(size, false);
    return advance(text);
  }

  void finish() const { check(cairo_status(cairo_.get())); }

 private:
  void trace(std::span<const Point> points) {
    cairo_new_path(cairo_.get());
    for (const Point& p : points) cairo_line_to(cairo_.get(), p.x, p.y);
  }

  void use(const Ink& ink) {
    const Colour c = ink.role == Ink::Role::kSeries  ? kPalette[static_cast<size_t>(ink.series)]
                     : ink.role == Ink::Role::kGrid  ? kGridColour
                     : ink.role == Ink::Role::kFrame ? kFrameColour
                                                     : kTextColour;
    cairo_set_source_rgba(cairo_.get(), c.red / 255.0, c.green / 255.0, c.blue / 255.0, ink.opacity);
  }

  void choose_font(double size, bool bold) const {
    cairo_select_font_face(cairo_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_.get(), 0.9 * size);  // its letters are large
  }

  double advance(const std::string& text) const {
    cairo_text_extents_t extents;
    cairo_text_extents(cairo_.get(), text.c_str(), &extents);
    return extents.x_advance;
  }

  std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo_;
};

}  // namespace

std::string picture_of(const Chart& chart, Format format, double width, double height) {
  require(width > 0 && height > 0 && width <= kMostPoints && height <= kMostPoints, "a picture of {} x {} points",
          width, height);
  std::string bytes;
  cairo_surface_t* made = nullptr;
  switch (format) {
    case Format::kPng:
      made = cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(kPixelsPerPoint * width)),
                                        static_cast<int>(std::lround(kPixelsPerPoint * height)));
      cairo_surface_set_device_scale(made, kPixelsPerPoint, kPixelsPerPoint);
      break;
    case Format::kSvg:
      made = cairo_svg_surface_create_for_stream(append_bytes, &bytes, width, height);
      break;
    case Format::kPdf:
      made = cairo_pdf_surface_create_for_stream(append_bytes, &bytes, width, height);
      // The time of its making would be all that two files of one chart differ in.
      cairo_pdf_surface_set_metadata(made, CAIRO_PDF_METADATA_CREATE_DATE, "");
      if (!chart.title.empty()) cairo_pdf_surface_set_metadata(made, CAIRO_PDF_METADATA_TITLE, chart.title.c_str());
      break;
  }
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(made, cairo_surface_destroy);
  check(cairo_surface_status(surface.get()));
  {
    CairoCanvas canvas(surface.get());
    draw(chart, canvas, width, height);
    canvas.finish();
  }
  if (format == Format::kPng) check(cairo_surface_write_to_png_stream(surface.get(), append_bytes, &bytes));
  cairo_surface_finish(surface.get());
  check(cairo_surface_status(surface.get()));
  return bytes;
}

}  // namespace mlrun::figure
