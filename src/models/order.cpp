#include "models/order.hpp"

#include <cstdlib>
#include <numeric>

#include "base/error.hpp"

namespace mlrun {
namespace {

std::vector<int64_t> s_curve(int64_t rows, int64_t columns) {
  std::vector<int64_t> order;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) order.push_back(r * columns + (r % 2 == 0 ? c : columns - 1 - c));
  }
  return order;
}

struct Cell {
  int64_t x = 0, y = 0;
  Cell operator+(Cell o) const { return {x + o.x, y + o.y}; }
  Cell operator-(Cell o) const { return {x - o.x, y - o.y}; }
  Cell operator-() const { return {-x, -y}; }
  int64_t length() const { return std::abs(x + y); }  // of a vector along an axis
  Cell half() const { return {x >> 1, y >> 1}; }      // rounded down
  Cell unit() const { return {(x > 0) - (x < 0), (y > 0) - (y < 0)}; }
};

// Fills the rectangle at `corner` spanned by the axes a (the main direction) and b. Each part enters at one corner and
// leaves at the next along a, so that the parts join; odd sizes cost at most one diagonal step.
void hilbert(Cell corner, Cell a, Cell b, int64_t columns, std::vector<int64_t>& order) {
  const int64_t w = a.length(), h = b.length();
  if (h == 1 || w == 1) {
    const Cell step = h == 1 ? a.unit() : b.unit();
    for (int64_t i = 0; i < w * h; ++i, corner = corner + step) order.push_back(corner.y * columns + corner.x);
    return;
  }
  Cell half_a = a.half(), half_b = b.half();
  if (2 * w > 3 * h) {  // long: two parts side by side
    if (half_a.length() % 2 != 0 && w > 2) half_a = half_a + a.unit();
    hilbert(corner, half_a, b, columns, order);
    hilbert(corner + half_a, a - half_a, b, columns, order);
    return;
  }
  if (half_b.length() % 2 != 0 && h > 2) half_b = half_b + b.unit();
  hilbert(corner, half_b, half_a, columns, order);  // up, along, and down again
  hilbert(corner + half_b, a, b - half_b, columns, order);
  hilbert(corner + (a - a.unit()) + (half_b - b.unit()), -half_b, -(a - half_a), columns, order);
}

std::vector<int64_t> hilbert_curve(int64_t rows, int64_t columns) {
  std::vector<int64_t> order;
  if (columns >= rows) hilbert({0, 0}, {columns, 0}, {0, rows}, columns, order);
  else hilbert({0, 0}, {0, rows}, {columns, 0}, columns, order);
  return order;
}

bool is_identity(const std::vector<int64_t>& order) {
  for (size_t t = 0; t < order.size(); ++t) {
    if (order[t] != static_cast<int64_t>(t)) return false;
  }
  return true;
}

void require_image(const DataSpec& data, const char* order) {
  if (data.is_image()) return;
  fail(ExitCode::kUsage,
       "model.order {} is a curve through an image, and this data has shape {}\n"
       "  orders of any data   model.order=raster, model.order=random",
       order, to_string(data.shape));
}

}  // namespace

OrderKind read_order(config::Reader& reader) {
  return reader.one_of<OrderKind>("order",
                                  {{"raster", OrderKind::kRaster},
                                   {"s_curve", OrderKind::kSCurve},
                                   {"hilbert", OrderKind::kHilbert},
                                   {"random", OrderKind::kRandom}},
                                  {.help = "in which the positions are visited", .fallback = "raster"});
}

std::vector<int64_t> make_order(OrderKind kind, const DataSpec& data, const Scope& scope, int64_t component) {
  switch (kind) {
    case OrderKind::kRaster:
      break;
    case OrderKind::kSCurve:
      require_image(data, "s_curve");
      return s_curve(data.shape[0], data.shape[1]);
    case OrderKind::kHilbert:
      require_image(data, "hilbert");
      return hilbert_curve(data.shape[0], data.shape[1]);
    case OrderKind::kRandom:
      return scope.random("order").at(static_cast<uint64_t>(component)).permutation(data.positions());
  }
  std::vector<int64_t> order(static_cast<size_t>(data.positions()));
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

Tensor in_order(const Tensor& symbols, const std::vector<int64_t>& order) {
  const int64_t n = symbols.dim(0), d = static_cast<int64_t>(order.size());
  require(symbols.dim(1) == d, "symbols {} for a model of {} positions", to_string(symbols.shape()), d);
  if (is_identity(order)) return symbols;
  Tensor out({n, d}, DType::kS32);
  for (int64_t i = 0; i < n; ++i) {
    const int32_t* from = symbols.data<int32_t>() + i * d;
    int32_t* to = out.data<int32_t>() + i * d;
    for (int64_t t = 0; t < d; ++t) to[t] = from[order[static_cast<size_t>(t)]];
  }
  return out;
}

Tensor in_stored_order(const Tensor& visited, const std::vector<int64_t>& order) {
  std::vector<int64_t> step(order.size());  // that visits a position
  for (size_t t = 0; t < order.size(); ++t) step[static_cast<size_t>(order[t])] = static_cast<int64_t>(t);
  return in_order(visited, step);
}

void record_order(const Scope& scope, const std::string& name, const std::vector<int64_t>& order, BufferKind kind) {
  scope.buffer(name, Tensor::of({static_cast<int64_t>(order.size())}, std::vector<int32_t>(order.begin(), order.end())),
               kind);
}

}  // namespace mlrun
