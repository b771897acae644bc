// The quantiser of a VQ-VAE: vectors become symbols of a finite alphabet, and a rule says what gradients make of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/registry.hpp"
#include "nn/layout.hpp"
#include "nn/pass.hpp"

namespace mlrun {

struct Quantized {
  Variable vectors;          // [rows, d]: what the decoder is given; gradients reach z by the quantiser's rule
  Tensor codes;              // s32 [rows, symbols()]
  Variable loss;             // what the quantiser adds to the training loss: nats, summed over the rows -> []
  double squared_error = 0;  // sum over the rows of |z - q|^2, in the space where codes are chosen
};

// Rows are vectors of one position of one image, and quantised each for itself.
class Quantizer {
 public:
  virtual ~Quantizer() = default;
  virtual int64_t dimension() const = 0;                                // d, of the rows it takes
  virtual int64_t alphabet() const = 0;                                 // codes are 0 .. alphabet - 1
  virtual int64_t symbols() const { return 1; }                         // for each row
  virtual Quantized quantize(Pass& pass, const Variable& z) const = 0;  // z [rows, d]
  // The vectors of codes s32 [rows, symbols()] -> [rows, d]: what quantize gave with them.
  virtual Tensor vectors(Pass& pass, const Tensor& codes) const = 0;
  // The law of a code given z, for kinds with one table of vectors (else Error(kInternal)): log q(k|z) up to a constant
  // of each row, [rows, alphabet()]. With a distance it is that of a mixture of unit Gaussians around the vectors, -|z
  // - e_k|^2; gradients go to z, and to the table where it is learned by gradients.
  virtual bool has_law() const { return false; }
  virtual Variable log_odds(Pass& pass, const Variable& z) const;
  // weights [rows, alphabet()] times the vectors -> [rows, d]; gradients as above.
  virtual Variable mixed(Pass& pass, const Variable& weights) const;
  // These rows were given these codes s32 [rows, 1], by a draw: for tables that follow their vectors.
  virtual void assigned(Pass& pass, const Tensor& z, const Tensor& codes) const;
  // Model::initialise_from and Model::after_step; z [rows, d] are of the first batch.
  virtual void initialise_from(Pass& pass, const Tensor& z, const RandomStream& noise);
  virtual void after_step(const std::vector<Statistics>& lanes);
  // How many codes were moved onto vectors of a batch because nothing used them, since training began.
  virtual int64_t restarted() const { return 0; }
  // How a reader elsewhere gets code k and vector q of a row z (nn/layout.hpp).
  virtual Layout layout() const { return {}; }
};

// `dimension` of the rows at hand; a kind may work in fewer, between two learned linear maps (see make_quantizer).
using QuantizerRegistry = config::Registry<Quantizer, int64_t, const Scope&>;
QuantizerRegistry& quantizer_kinds();
template <class T>
bool register_quantizer(const std::string& name, const std::string& summary) {
  return quantizer_kinds().add<T>(name, summary);
}

// The quantiser for rows of `dimension` numbers. One that works in another dimension is put between two linear maps,
// `project_in` and `project_out` (Yu et al. 2022, section 3.2): codes are chosen in its space, where the first batch
// has mean 0 and variance 1.
std::unique_ptr<Quantizer> make_quantizer(const QuantizerRegistry::Choice& choice, int64_t dimension,
                                          const Scope& scope);

}  // namespace mlrun
