// What every use of cairo needs: its errors as ours, and a place for the bytes of its files.
#pragma once

#include <cairo.h>

#include <string>

#include "base/error.hpp"

namespace mlrun::figure {

inline void check(cairo_status_t status) {
  require(status == CAIRO_STATUS_SUCCESS, "cairo: {}", cairo_status_to_string(status));
}

// A cairo_write_func_t; `text` is a std::string.
inline cairo_status_t append_bytes(void* text, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace mlrun::figure
