#include "io/safetensors.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace mlrun::io {
namespace {

const char* safetensors_type(DType type) {
  switch (type) {
    case DType::kF32:
      return "F32";
    case DType::kBF16:
      return "BF16";
    case DType::kS32:
      return "I32";
    case DType::kU8:
      return "U8";
  }
  fail(ExitCode::kInternal, "safetensors has no type for a tensor");
}

}  // namespace

std::string safetensors_of(const std::vector<NamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const NamedTensor& t : tensors) {
    require(!header.contains(t.name), "the tensor {} twice in a safetensors file", t.name);
    header[t.name] = {{"dtype", safetensors_type(t.values.dtype())},
                      {"shape", t.values.shape()},
                      {"data_offsets", {offset, offset + t.values.bytes()}}};
    offset += t.values.bytes();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string file;
  file.reserve(8 + text.size() + offset);
  for (int i = 0; i < 8; ++i) file += static_cast<char>(static_cast<uint64_t>(text.size()) >> (8 * i));
  file += text;
  for (const NamedTensor& t : tensors) file.append(static_cast<const char*>(t.values.raw()), t.values.bytes());
  return file;
}

}  // namespace mlrun::io
