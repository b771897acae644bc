#include "io/json_line.hpp"

#include <nlohmann/json.hpp>

namespace mlrun::io {

std::string json_line(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace mlrun::io
