// Event files, as TensorBoard reads them: scalars with a name, a step and a time.
//
// A file is a sequence of records: length (8 bytes), its checksum, the record, its checksum (both a masked CRC-32C). A
// record is a message `Event` of TensorFlow's event.proto, of which only the fields that scalars need are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlrun::io {

class EventFile {
 public:
  explicit EventFile(double wall_time);  // seconds since 1970, of the file's first record
  void scalar(const std::string& tag, int64_t step, double wall_time, double value);  // kept as f32
  const std::string& bytes() const { return bytes_; }

 private:
  void record(std::string_view event);
  std::string bytes_;
};

uint32_t crc32c(std::string_view bytes);  // Castagnoli's polynomial (RFC 3720)

}  // namespace mlrun::io
