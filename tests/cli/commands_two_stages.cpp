// A VQ-VAE and a prior over its codes, as a user types them.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

std::string stage_one(const Workplace& place) {
  place.put("tiny.yaml", Workplace::tiny_spec());
  return place.train({"model={kind: vqvae, width: 4, dim: 4, blocks: 0, quantizer: {codes: 6}}", "train.for=30 steps"});
}

std::string prior(const Workplace& place, const std::string& from) {
  return place.train({"data={kind: codes, from: \"" + from + "\"}", "model={kind: made, hidden: [8]}"});
}

std::string spec_of(const Workplace& place, const std::string& run) {
  return place.shell("cat " + run + "/resolved.yaml").out;
}

}  // namespace

TEST_CASE("reconstructions of a decoder that draws its pixels are those of --seed, and follow --temperature") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  place.train(
      {"model={kind: vqvae, width: 4, dim: 4, blocks: 0, quantizer: {codes: 6}, decoder: {kind: pixelcnn, "
       "channels: 2, blocks: 0, head: []}}",
       "train.for=2 steps"});
  const auto drawn = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"sample", "@last", "-n", "2", "--scale", "1", "-o", place.path("pairs.png")};
    words.insert(words.end(), options.begin(), options.end());
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return place.shell("sha256sum < " + place.path("pairs.png")).out;
  };
  const std::string one = drawn({});
  CHECK(drawn({"--seed", "1"}) == one);
  CHECK(drawn({"--seed", "2"}) != one);
  CHECK(drawn({"--temperature", "50"}) != one);
  CHECK(drawn({"--interpolate", "0,1", "--seed", "1"}) != drawn({"--interpolate", "0,1", "--seed", "2"}));
}

TEST_CASE("train, train data.from=@last, sample @last and eval @last make images and a bound") {
  Workplace place;
  const std::string one = stage_one(place);
  const ProgramResult pairs = place.mlrun({"sample", "@last", "-n", "4", "-o", place.path("pairs.png")});
  INFO(pairs.err);
  CHECK(pairs.exit_code == 0);
  // The same pairs as an array: of each an image of the test split, which is black and white, and what it is decoded to.
  REQUIRE(place.mlrun({"sample", "@last", "-n", "4", "-o", place.path("pairs.npy")}).exit_code == 0);
  const std::string array = place.get("pairs.npy");
  CHECK(says(array, "'descr': '|u1', 'fortran_order': False, 'shape': (4, 2, 28, 28)"));
  REQUIRE(array.size() > 4 * 2 * 28 * 28);
  const std::string first = array.substr(array.size() - size_t{4} * 2 * 28 * 28, size_t{28} * 28);
  CHECK(first.find_first_not_of(std::string("\x00\xff", 2)) == std::string::npos);
  CHECK(first.find('\xff') != std::string::npos);
  REQUIRE(place.mlrun({"sample", "@last", "--interpolate", "3,8", "-n", "5", "-o", place.path("way.npy")}).exit_code ==
          0);
  CHECK(says(place.get("way.npy"), "'shape': (5, 28, 28)"));
  const ProgramResult text = place.mlrun({"sample", "@last", "-n", "4", "-o", "-"});
  CHECK(text.exit_code == 2);
  CHECK(says(text.err, "prior over its codes"));
  const ProgramResult alone = place.mlrun({"eval", "@last"});
  REQUIRE(alone.exit_code == 0);
  CHECK(says(alone.out, "reconstruction alone"));
  CHECK(says(alone.out, "of 6 codes used"));

  const ProgramResult book = place.mlrun({"show", "@last", "--codebook"});
  CHECK(book.exit_code == 0);
  CHECK(says(book.out, "of 6 codes used on the valid split"));
  CHECK(says(book.out, "% of positions"));
  CHECK(says(book.out, "all alike"));
  const Json counts = Json::parse(place.mlrun({"show", "@last", "--codebook", "--json"}).out).at("counts");
  int64_t total = 0;
  for (const Json& count : counts) total += count.get<int64_t>();
  CHECK(total == 100 * 49);

  const std::string two = prior(place, "@last");
  CHECK(says(spec_of(place, two), one + "/checkpoints/"));
  const ProgramResult sample = place.mlrun({"sample", "@last", "-n", "3", "-o", "-"});
  REQUIRE(sample.exit_code == 0);
  REQUIRE(sample.lines().size() == 3);
  CHECK(sample.lines()[0].size() == 2 * 784 - 1);
  CHECK(place.mlrun({"sample", "@last", "--complete", "top", "--images", "2", "-o", place.path("c.png")}).exit_code ==
        0);
  const ProgramResult bound = place.mlrun({"eval", "@last"});
  INFO(bound.out << bound.err);
  REQUIRE(bound.exit_code == 0);
  CHECK(says(bound.out, "<= "));
  CHECK(says(bound.out, "upper bound"));
  const ProgramResult json = place.mlrun({"eval", "@last", "--codes", "3", "--json"});
  REQUIRE(json.exit_code == 0);
  const Json answer = Json::parse(json.out);
  CHECK(answer.at("bound") == true);
  CHECK(answer.at("code_maps") == 3);
  CHECK(answer.at("nll").get<double>() <
        answer.at("nll_reconstruction").get<double>() + answer.at("nll_prior").get<double>());
  CHECK(says(place.mlrun({"show", "@last"}).out, "test/nll <= "));
  // The bytes prove the bound, and the images come back.
  const Json packed =
      Json::parse(place.mlrun({"compress", "@last", "split:test", "-o", place.path("packed"), "--json"}).out);
  CHECK(packed.at("bound") == true);
  const double nats = packed.at("nats").get<double>(), count = packed.at("count").get<double>();
  CHECK(nats / count == Approx(Json::parse(place.mlrun({"eval", "@last", "--json"}).out).at("nll").get<double>()));
  CHECK(packed.at("bits").get<double>() < packed.at("nll_bits").get<double>() * 1.001 + 2000);
  const ProgramResult back = place.mlrun({"decompress", "@last", place.path("packed"), "-o", place.path("back.amat")});
  INFO(back.err);
  REQUIRE(back.exit_code == 0);
  place.mlrun({"compress", "@last", place.path("back.amat"), "-o", place.path("again")});
  CHECK(place.shell("cmp " + place.path("packed") + " " + place.path("again")).exit_code == 0);
  // Another prior of @last is of the same VQ-VAE, not of the prior that came last.
  CHECK(says(spec_of(place, prior(place, "@last")), one + "/checkpoints/"));
  const ProgramResult compared = place.mlrun({"compare", one, two});
  CHECK(says(compared.out + compared.err, "differ"));
}

TEST_CASE("drawn codes and a decoder that sees pixels: trained, sampled, evaluated, coded and decoded") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const std::string one =
      place.train({"model={kind: vqvae, width: 4, dim: 4, blocks: 0, quantizer: {codes: 6}, encoder: stochastic, rate: "
                   "{kind: prior, "
                   "channels: 4}, decoder: {kind: pixelcnn, channels: 2, blocks: 1}}",
                   "train.for=30 steps"});
  const ProgramResult alone = place.mlrun({"eval", one});
  CHECK(says(alone.out, "<= "));
  CHECK(says(alone.out, "stage one's own prior"));
  CHECK(Json::parse(place.mlrun({"eval", one, "--json"}).out).at("rate").get<double>() > 0);
  const ProgramResult row =
      place.mlrun({"sample", one, "--interpolate", "3,8", "-n", "5", "--json", "-o", place.path("row.png")});
  INFO(row.err);
  REQUIRE(row.exit_code == 0);
  CHECK(Json::parse(row.out).at("images") == Json({3, 8}));
  const ProgramResult far = place.mlrun({"sample", one, "--interpolate", "3,100", "-o", place.path("row.png")});
  CHECK(far.exit_code == 2);
  CHECK(says(far.err, "from 0 to 99; found '3,100'"));
  const std::string two = prior(place, "@last");
  CHECK(place.mlrun({"sample", two, "--interpolate", "3,8", "-o", place.path("row.png")}).exit_code == 2);
  CHECK(place.mlrun({"sample", two, "-n", "3", "-o", place.path("s.png")}).exit_code == 0);
  const ProgramResult bound = place.mlrun({"eval", two});
  CHECK(says(bound.out, "log q(z|x), given back"));
  CHECK(says(bound.out, "the codes carry "));
  const Json answer = Json::parse(place.mlrun({"eval", two, "--codes", "3", "--json"}).out);
  CHECK(answer.at("log_posterior").get<double>() < 0);
  CHECK(answer.contains("nats_carried_by_codes"));
  const ProgramResult packed = place.mlrun({"compress", two, "split:test", "-o", place.path("packed"), "--json"});
  REQUIRE(packed.exit_code == 0);
  const double bits = Json::parse(packed.out).at("bits").get<double>();  // the ELBO of other draws than those of eval
  CHECK(bits == Approx(Json::parse(packed.out).at("nll_bits").get<double>()).epsilon(0.02));
  REQUIRE(place.mlrun({"decompress", two, place.path("packed"), "-o", place.path("back.amat")}).exit_code == 0);
  place.mlrun({"compress", two, place.path("back.amat"), "-o", place.path("again")});
  CHECK(place.shell("cmp " + place.path("packed") + " " + place.path("again")).exit_code == 0);
}

TEST_CASE("what a two-stage model cannot do is refused with the documented exit code") {
  Workplace place;
  const std::string made = place.train();
  const auto refused = [&](const std::vector<std::string>& words, int code, const std::string& part) {
    const ProgramResult r = place.mlrun(words);
    INFO(r.out << r.err);
    CHECK(r.exit_code == code);
    CHECK(says(r.err, part));
  };
  const auto train = [&](const std::string& from, const std::string& model = "{kind: made, hidden: [8]}") {
    return std::vector<std::string>{"train", "tiny.yaml", "data={kind: codes, from: \"" + from + "\"}",
                                    "model=" + model};
  };
  refused(train(made), 2, "which has no codes");
  refused(train("nowhere"), 2, "data.from nowhere");
  refused({"eval", made, "--codes", "4"}, 2, "--codes 4");
  refused({"train", "tiny.yaml", "model={kind: vqvae, quantizer: {codes: 0}}"}, 2, "from 1 to 65536");
  refused({"train", "tiny.yaml", "model={kind: vqvae, encoder: stochastic}"}, 2, "model.rate.kind=prior");
  refused({"train", "tiny.yaml", "model={kind: vqvae, rate: {kind: prior}, quantizer: {kind: fsq}}"}, 2,
          "law of a code");
  refused({"train", "tiny.yaml", "model={kind: vqvae, dim: 8, quantizer: {kind: grouped, groups: 3}}"}, 2,
          "multiple of 3");
  refused({"train", "tiny.yaml", "model={kind: vqvae, quantizer: {kind: fsq, levels: [300, 300]}}"}, 2, "65536");
  // The reference that a mistake there points to.
  refused({"train", "tiny.yaml", "model={kind: vqvae, quantizer: {kind: simvq, code: 3}}"}, 2,
          "config schema model.quantizer.simvq");
  const ProgramResult schema = place.mlrun({"config", "schema", "model.quantizer.simvq"});
  CHECK(schema.exit_code == 0);
  CHECK(says(schema.out, "commitment:"));
  CHECK(place.mlrun({"config", "schema", "model.quantizer.of.fsq"}).exit_code == 0);
  stage_one(place);
  const std::string two = prior(place, "@last");
  refused({"show", two, "--codebook"}, 2, "no VQ-VAE");
  refused({"train", "tiny.yaml", "model={kind: vqvae, likelihood: logistics}"}, 2, "categorical");
}

TEST_CASE("a prior over one code is certain of everything, and passes its proof") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const std::string one = place.train({"model={kind: vqvae, width: 4, dim: 4, blocks: 0, quantizer: {codes: 1}}"});
  prior(place, one);
  const ProgramResult proved = place.mlrun({"prove", "@last", "--json"});
  INFO(proved.out << proved.err);
  CHECK(proved.exit_code == 0);
  CHECK(Json::parse(proved.last_line())["pass"] == true);
}
