// SPDX-License-Identifier: Apache-2.0
// Scores a few rows through burnish's C++ interface and compares with the formulas written out; exits with 0 if they
// agree.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "burnish/error.hpp"
#include "burnish/hardness.hpp"
#include "burnish/metrics.hpp"
#include "burnish/runtime.hpp"
#include "burnish/tensor.hpp"
#include "burnish/version.hpp"

namespace {

using burnish::contiguous_view;
using burnish::Device;
using burnish::DType;
using burnish::hardness::Score;

constexpr std::int64_t rows = 1000;
constexpr std::int64_t classes = 7;

int failures = 0;

void expect(bool ok, const std::string& what) {
  if (ok) return;
  std::cerr << "wrong: " << what << '\n';
  ++failures;
}

std::vector<float> make_logits() {
  std::vector<float> logits(static_cast<std::size_t>(rows * classes));
  for (std::size_t i = 0; i < logits.size(); ++i)
    logits[i] = static_cast<float>(5 * std::sin(static_cast<double>(i * i)));
  return logits;
}

double entropy(const float* logits) {
  double sum = 0;
  for (int c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(logits[c]));
  double entropy = 0;
  for (int c = 0; c < classes; ++c) {
    const double p = std::exp(static_cast<double>(logits[c])) / sum;
    entropy -= p * std::log(p);
  }
  return entropy;
}

burnish::hardness::ScoreArgs make_args(std::vector<float>& logits) {
  burnish::hardness::ScoreArgs args;
  args.input = contiguous_view(logits.data(), DType::float32, Device{}, rows, classes);
  return args;
}

template <class T>
void request(burnish::hardness::ScoreArgs& args, Score score, std::vector<T>& out, DType dtype) {
  args.outputs[static_cast<std::size_t>(score)] =
      contiguous_view(out.data(), dtype, Device{}, static_cast<std::int64_t>(out.size()));
}

void check_scores() {
  std::vector<float> logits = make_logits();
  std::vector<float> entropies(rows);
  std::vector<std::int64_t> predictions(rows);
  burnish::hardness::ScoreArgs args = make_args(logits);
  request(args, Score::entropy, entropies, DType::float32);
  request(args, Score::predictions, predictions, DType::int64);
  burnish::hardness::scores(args);
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    const float* first = logits.data() + row * classes;
    expect(std::fabs(static_cast<double>(entropies[i]) - entropy(first)) < 1e-5,
           "entropy of row " + std::to_string(row));
    expect(predictions[i] == std::max_element(first, first + classes) - first,
           "prediction of row " + std::to_string(row));
  }

  constexpr std::size_t k = 10;
  std::vector<std::int64_t> indices(k);
  burnish::hardness::hardest(contiguous_view(entropies.data(), DType::float32, Device{}, rows),
                             contiguous_view(indices.data(), DType::int64, Device{}, static_cast<std::int64_t>(k)));
  std::vector<std::int64_t> order(rows);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return entropies[static_cast<std::size_t>(a)] > entropies[static_cast<std::size_t>(b)];
  });
  expect(std::equal(indices.begin(), indices.end(), order.begin()), "hardest");
}

void check_metrics() {
  std::vector<float> scores(rows);
  std::vector<std::int64_t> labels(rows);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = static_cast<float>(i % 10);
    labels[i] = i % 10 + i % 3 > 6;
  }
  burnish::metrics::RankingArgs args;
  args.scores = contiguous_view(scores.data(), DType::float32, Device{}, rows);
  args.labels = contiguous_view(labels.data(), DType::int64, Device{}, rows);
  const burnish::metrics::Ranking ranking(args);
  double pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (labels[i] > labels[j]) pairs += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
    }
  }
  expect(ranking.roc_auc() == pairs / (ranking.positives() * ranking.negatives()), "the area under the ROC curve");
  const auto counts = burnish::metrics::count_binary("count", args.labels, args.labels);
  expect(counts && (*counts)[0] == static_cast<std::int64_t>(ranking.negatives()), "true negatives");
}

void check_errors() {
  std::vector<float> logits = make_logits();
  std::vector<float> too_short(rows - 1);
  burnish::hardness::ScoreArgs args = make_args(logits);
  request(args, Score::entropy, too_short, DType::float32);
  std::string message;
  try {
    burnish::hardness::scores(args);
  } catch (const burnish::ValueError& error) {
    message = error.what();
  }
  expect(message == "entropy: 'out' has shape (999,); accepted: (1000,)", "the message of a ValueError: " + message);
  try {
    burnish::set_num_threads(0);
    expect(false, "0 threads are accepted");
  } catch (const std::invalid_argument&) {  // what ValueError derives from
  }
}

void check_threads() {
  std::vector<float> logits = make_logits();
  std::vector<float> one(rows);
  std::vector<float> several(rows);
  burnish::hardness::ScoreArgs args = make_args(logits);
  burnish::set_num_threads(1);
  request(args, Score::entropy, one, DType::float32);
  burnish::hardness::scores(args);
  burnish::set_num_threads(4);
  request(args, Score::entropy, several, DType::float32);
  burnish::hardness::scores(args);
  expect(burnish::num_threads() == 4 && one == several, "results depend on the number of threads");
}

}  // namespace

int main() {
  check_scores();
  check_metrics();
  check_errors();
  check_threads();
  const burnish::BuildInfo build = burnish::build_info();
  expect(build.version == BURNISH_VERSION, "the header's version is not the library's");
  std::cout << "burnish " << build.version << ", " << build.compiler << ", level " << burnish::isa_level() << ", CUDA "
            << (burnish::cuda_info().built ? "built" : "not built") << '\n';
  return failures == 0 ? 0 : 1;
}
