// The time steps with which continuous systems begin: log-uniform in [dt_min, dt_max] (Gu, Goel & Re 2022; Gu & Dao
// 2023, section 3.6).
#pragma once

#include "config/reader.hpp"
#include "kernels/ssm/diagonal_ssm.hpp"
#include "nn/parameters.hpp"

namespace mlrun {

struct TimeSteps {
  explicit TimeSteps(config::Reader& reader);  // the keys dt_min and dt_max
  double least, greatest;
  Initialiser logarithms() const;     // log dt
  Initialiser softplus_bias() const;  // softplus of it is dt
};

kernels::Discretisation read_discretisation(config::Reader& reader);  // the key `discretisation`

}  // namespace mlrun
