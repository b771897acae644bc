// The one place that knows oneDNN's versions: 2.x describes an operation and then makes a primitive descriptor of it,
// 3.x makes the primitive descriptor at once. Included by sources of this room only.
//
// Everything is per thread: stream, scratchpad, primitives. The engine is the one process-wide object.
#pragma once

#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <utility>

#include "kernels/isa.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels::onednn {

// Before anything else of the library is used: it settles its instruction sets then. Overrides DNNL_MAX_CPU_ISA.
void limit_isa(Isa isa);

const dnnl::engine& engine();
// The calling thread's stream. The first call puts the thread into kernel mode (prepare_thread): a primitive fixes its
// number of threads when it is created, and it must be one.
dnnl::stream& stream();
// The calling thread's scratchpad, grown as needed; valid until the next call.
void* scratchpad(size_t bytes);

dnnl::memory::data_type data_type(DType dtype);
// Scratchpads are ours: the library's default would share one among all threads.
dnnl::primitive_attr attributes();

dnnl::matmul::primitive_desc matmul_descriptor(const dnnl::memory::desc& src, const dnnl::memory::desc& weights,
                                               const dnnl::memory::desc* bias, const dnnl::memory::desc& dst,
                                               const dnnl::primitive_attr& attributes);

const char* interned(const std::string& text);  // lives as long as the process

// A primitive with its argument map. Making memory objects costs more than a small product: they are made once, and
// only their addresses are set per call.
class Call {
 public:
  template <class PrimitiveDescriptor>
  Call(const dnnl::primitive& primitive, const PrimitiveDescriptor& descriptor)
      : primitive_(primitive),
        impl_(interned(descriptor.impl_info_str())),
        scratchpad_bytes_(descriptor.scratchpad_desc().get_size()),
        scratchpad_(descriptor.scratchpad_desc(), engine(), nullptr) {
    arguments_.emplace(DNNL_ARG_SCRATCHPAD, scratchpad_);
  }
  void add(int argument, const dnnl::memory::desc& shape);
  void set(int argument, const void* data) { arguments_.at(argument).set_data_handle(const_cast<void*>(data)); }
  void run();
  const char* impl() const { return impl_; }

 private:
  dnnl::primitive primitive_;
  const char* impl_;
  size_t scratchpad_bytes_;
  dnnl::memory scratchpad_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

}  // namespace mlrun::kernels::onednn
