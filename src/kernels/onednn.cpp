#include "kernels/onednn.hpp"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <set>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "kernels/library.hpp"

namespace mlrun::kernels::onednn {
namespace {

dnnl::cpu_isa limit_for(Isa isa) {
  switch (isa) {
    case Isa::kSse4:
      return dnnl::cpu_isa::sse41;
    case Isa::kAvx2:
      return dnnl::cpu_isa::avx2;
    case Isa::kAvx512:  // all of it that stands below AMX
#if DNNL_VERSION_MAJOR >= 3
      return dnnl::cpu_isa::avx512_core_fp16;
#else
      return dnnl::cpu_isa::avx512_core_bf16;
#endif
    case Isa::kAmx:
    case Isa::kOther:
      break;
  }
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::cpu_isa::isa_default;
#else
  return dnnl::cpu_isa::all;
#endif
}

}  // namespace

void limit_isa(Isa isa) {
  const dnnl::status status = dnnl::set_max_cpu_isa(limit_for(isa));
  require(status == dnnl::status::success, "oneDNN {} cannot be limited to {}", library_version(), name_of(isa));
}

const dnnl::engine& engine() {
  static const dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}

dnnl::stream& stream() {
  thread_local dnnl::stream s = [] {
    prepare_thread();
    return dnnl::stream(engine());
  }();
  return s;
}

void* scratchpad(size_t bytes) {
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  thread_local std::unique_ptr<void, Free> buffer;
  thread_local size_t size = 0;
  if (bytes > size) {
    constexpr size_t kPage = 4096;
    const size_t wanted = (bytes + kPage - 1) / kPage * kPage;
    size = 0;
    buffer.reset(std::aligned_alloc(kPage, wanted));
    if (!buffer) throw std::bad_alloc();
    size = wanted;
  }
  return buffer.get();
}

dnnl::memory::data_type data_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return dnnl::memory::data_type::f32;
    case DType::kBF16:
      return dnnl::memory::data_type::bf16;
    case DType::kS32:
      return dnnl::memory::data_type::s32;
    case DType::kU8:
      return dnnl::memory::data_type::u8;
  }
  fail(ExitCode::kInternal, "no oneDNN data type for dtype {}", static_cast<int>(dtype));
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr a;
  a.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return a;
}

dnnl::matmul::primitive_desc matmul_descriptor(const dnnl::memory::desc& src, const dnnl::memory::desc& weights,
                                               const dnnl::memory::desc* bias, const dnnl::memory::desc& dst,
                                               const dnnl::primitive_attr& attr) {
#if DNNL_VERSION_MAJOR >= 3
  if (bias) return {engine(), src, weights, *bias, dst, attr};
  return {engine(), src, weights, dst, attr};
#else
  if (bias) return {dnnl::matmul::desc(src, weights, *bias, dst), attr, engine()};
  return {dnnl::matmul::desc(src, weights, dst), attr, engine()};
#endif
}

const char* interned(const std::string& text) {
  static std::mutex mutex;
  static std::set<std::string> texts;
  const std::lock_guard lock(mutex);
  return texts.insert(text).first->c_str();
}

void Call::add(int argument, const dnnl::memory::desc& shape) {
  arguments_.emplace(argument, dnnl::memory(shape, engine(), nullptr));
}

void Call::run() {
  dnnl::stream& s = stream();
  if (scratchpad_bytes_ != 0) scratchpad_.set_data_handle(scratchpad(scratchpad_bytes_));
  primitive_.execute(s, arguments_);
}

}  // namespace mlrun::kernels::onednn
