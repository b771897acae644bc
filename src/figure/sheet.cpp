#include "figure/sheet.hpp"

#include <cairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "figure/cairo_status.hpp"

namespace mlrun::figure {
namespace {

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;

constexpr int kMostPixels = 32767;
constexpr double kGap = 2;  // between pictures, in their own pixels

struct NamedColour {
  const char* name;
  Colour colour;
};
constexpr std::array<NamedColour, 7> kNamed = {{{"black", {0, 0, 0}},
                                                {"white", {255, 255, 255}},
                                                {"grey", {128, 128, 128}},
                                                {"blue", kPalette[0]},
                                                {"red", kPalette[1]},
                                                {"green", kPalette[2]},
                                                {"orange", kPalette[4]}}};

Surface image_surface(cairo_format_t format, int width, int height) {
  Surface surface(cairo_image_surface_create(format, width, height), cairo_surface_destroy);
  check(cairo_surface_status(surface.get()));
  return surface;
}

// The pixels as what cairo draws through, 1 being white (A8), or as colours (RGB24).
Surface surface_of(const SheetPicture& picture, bool as_mask) {
  Surface surface = image_surface(as_mask ? CAIRO_FORMAT_A8 : CAIRO_FORMAT_RGB24, picture.width, picture.height);
  unsigned char* bytes = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.pixels + static_cast<std::ptrdiff_t>(y) * picture.width;
    unsigned char* out = bytes + static_cast<std::ptrdiff_t>(y) * stride;
    for (int x = 0; x < picture.width; ++x) {
      if (as_mask) out[x] = row[x];
      else reinterpret_cast<uint32_t*>(out)[x] = 0x010101U * row[x];
    }
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

// Where everything goes, in pixels of the sheet.
class SheetLayout {
 public:
  SheetLayout(const Sheet& sheet, cairo_t* cairo) {
    const SheetPicture& first = sheet.pictures[0];
    picture_width_ = first.width * sheet.scale;
    picture_height_ = first.height * sheet.scale;
    gap_ = kGap * sheet.scale;
    text_size_ = std::clamp(picture_height_ / 7.0, 9.0, 20.0);
    choose_font(cairo);
    const auto widest = [&](const std::vector<std::string>& words) {
      double width = 0;
      for (const std::string& word : words) width = std::max(width, advance(cairo, word));
      return width;
    };
    const SheetCaptions& c = sheet.captions;
    columns_ = std::min<int>(sheet.columns, static_cast<int>(sheet.pictures.size()));
    rows_ = (static_cast<int>(sheet.pictures.size()) + columns_ - 1) / columns_;
    cell_width_ = std::max({static_cast<double>(picture_width_), widest(c.of_columns), widest(c.of_each)});
    left_ = c.of_rows.empty() ? gap_ : widest(c.of_rows) + gap_ + 0.6 * text_size_;
    top_ = c.of_columns.empty() ? gap_ : 1.6 * text_size_;
    below_ = c.of_each.empty() ? 0 : 1.4 * text_size_;
  }

  double width() const { return left_ + columns_ * (cell_width_ + gap_); }
  double height() const { return top_ + rows_ * (picture_height_ + below_ + gap_); }
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  double text_size() const { return text_size_; }
  double middle(int column) const { return left_ + column * (cell_width_ + gap_) + cell_width_ / 2; }
  double picture_left(int column) const { return std::round(middle(column) - picture_width_ / 2.0); }
  double picture_top(int row) const { return std::round(top_ + row * (picture_height_ + below_ + gap_)); }
  double row_caption_right() const { return left_ - 0.6 * text_size_; }
  double row_caption_base(int row) const { return picture_top(row) + picture_height_ / 2.0 + 0.35 * text_size_; }
  double column_caption_base() const { return top_ - 0.45 * text_size_; }
  double caption_base(int row) const { return picture_top(row) + picture_height_ + 1.05 * text_size_; }

  void choose_font(cairo_t* cairo) const {
    cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, text_size_);
  }
  static double advance(cairo_t* cairo, const std::string& text) {
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, text.c_str(), &extents);
    return extents.x_advance;
  }

 private:
  int picture_width_ = 0, picture_height_ = 0, columns_ = 1, rows_ = 1;
  double cell_width_ = 0, gap_ = 0, left_ = 0, top_ = 0, below_ = 0, text_size_ = 0;
};

void use(cairo_t* cairo, Colour c) { cairo_set_source_rgb(cairo, c.red / 255.0, c.green / 255.0, c.blue / 255.0); }

void paint(cairo_t* cairo, const Sheet& sheet, const SheetLayout& layout) {
  for (size_t i = 0; i < sheet.pictures.size(); ++i) {
    const int row = static_cast<int>(i) / layout.columns(), column = static_cast<int>(i) % layout.columns();
    const Surface pixels = surface_of(sheet.pictures[i], sheet.ink.has_value());
    cairo_save(cairo);
    cairo_translate(cairo, layout.picture_left(column), layout.picture_top(row));
    cairo_scale(cairo, sheet.scale, sheet.scale);
    const std::unique_ptr<cairo_pattern_t, decltype(&cairo_pattern_destroy)> pattern(
        cairo_pattern_create_for_surface(pixels.get()), cairo_pattern_destroy);
    cairo_pattern_set_filter(pattern.get(), CAIRO_FILTER_NEAREST);
    if (sheet.ink) {
      use(cairo, *sheet.ink);
      cairo_mask(cairo, pattern.get());
    } else {
      cairo_set_source(cairo, pattern.get());
      cairo_paint(cairo);
    }
    cairo_restore(cairo);
  }
}

void write_captions(cairo_t* cairo, const Sheet& sheet, const SheetLayout& layout) {
  layout.choose_font(cairo);
  use(cairo, sheet.transparent && sheet.ink ? *sheet.ink : kTextColour);  // what is readable on the reader's ground
  const auto centred = [&](double x, double y, const std::string& text) {
    cairo_move_to(cairo, x - SheetLayout::advance(cairo, text) / 2, y);
    cairo_show_text(cairo, text.c_str());
  };
  const SheetCaptions& c = sheet.captions;
  for (int row = 0; row < std::min<int>(layout.rows(), static_cast<int>(c.of_rows.size())); ++row) {
    const std::string& text = c.of_rows[static_cast<size_t>(row)];
    cairo_move_to(cairo, layout.row_caption_right() - SheetLayout::advance(cairo, text), layout.row_caption_base(row));
    cairo_show_text(cairo, text.c_str());
  }
  for (int column = 0; column < std::min<int>(layout.columns(), static_cast<int>(c.of_columns.size())); ++column)
    centred(layout.middle(column), layout.column_caption_base(), c.of_columns[static_cast<size_t>(column)]);
  for (size_t i = 0; i < std::min(c.of_each.size(), sheet.pictures.size()); ++i) {
    const int row = static_cast<int>(i) / layout.columns(), column = static_cast<int>(i) % layout.columns();
    centred(layout.middle(column), layout.caption_base(row), c.of_each[i]);
  }
}

}  // namespace

std::string sheet_png(const Sheet& sheet) {
  require(!sheet.pictures.empty() && sheet.columns > 0 && sheet.scale > 0, "a sheet of {} pictures in {} columns",
          sheet.pictures.size(), sheet.columns);
  for (const SheetPicture& p : sheet.pictures) {
    require(p.width == sheet.pictures[0].width && p.height == sheet.pictures[0].height,
            "pictures of {} x {} and {} x {} on one sheet", p.width, p.height, sheet.pictures[0].width,
            sheet.pictures[0].height);
  }
  const Surface ruler = image_surface(CAIRO_FORMAT_A8, 1, 1);
  const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> measuring(cairo_create(ruler.get()), cairo_destroy);
  const SheetLayout layout(sheet, measuring.get());
  const double width = std::ceil(layout.width()), height = std::ceil(layout.height());
  if (width > kMostPixels || height > kMostPixels) {
    fail(ExitCode::kUsage,
         "a sheet of {} pictures would have {:.0f} x {:.0f} pixels; with captions or ink at most {} x {} are possible\n"
         "  fewer of them, or a smaller --scale",
         sheet.pictures.size(), width, height, kMostPixels, kMostPixels);
  }
  const bool see_through = sheet.transparent && sheet.ink;
  const Surface surface = image_surface(see_through ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_RGB24, static_cast<int>(width),
                                        static_cast<int>(height));
  std::string bytes;
  {
    const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo(cairo_create(surface.get()), cairo_destroy);
    if (!see_through) {
      use(cairo.get(), {255, 255, 255});
      cairo_paint(cairo.get());
    }
    paint(cairo.get(), sheet, layout);
    write_captions(cairo.get(), sheet, layout);
    check(cairo_status(cairo.get()));
  }
  check(cairo_surface_write_to_png_stream(surface.get(), append_bytes, &bytes));
  return bytes;
}

std::optional<Colour> colour_named(const std::string& text) {
  for (const NamedColour& known : kNamed)
    if (text == known.name) return known.colour;
  if (!text.starts_with('#') || (text.size() != 4 && text.size() != 7)) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<uint8_t, 3> parts{};
  const size_t digits = text.size() / 3;  // of a part
  for (size_t i = 0; i < 3; ++i) {
    unsigned value = 0;
    for (size_t k = 0; k < digits; ++k) {
      const char c = text[1 + i * digits + k];
      const size_t digit = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
      if (digit == std::string_view::npos) return std::nullopt;
      value = 16 * value + static_cast<unsigned>(digit);
    }
    parts[i] = static_cast<uint8_t>(digits == 1 ? 17 * value : value);
  }
  return Colour{parts[0], parts[1], parts[2]};
}

const char* colour_names() { return "black, white, grey, blue, red, green, orange"; }

}  // namespace mlrun::figure
