// SHA-256 (FIPS 180-4), by libcrypto, which uses the processor's instructions for it where there are any.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mlrun::io {

using Digest = std::array<std::byte, 32>;

class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  Digest digest();    // ends the message: call it (or hex) once
  std::string hex();  // 64 lower-case digits

 private:
  std::shared_ptr<void> context_;
};

Digest sha256(std::span<const std::byte> bytes);
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);
std::string hex(const Digest& digest);

}  // namespace mlrun::io
