// SPDX-License-Identifier: Apache-2.0
// Labels (n, a), probabilities (n, c) -> consensus. Whatever is averaged over items is counted in whole numbers, or
// added up in pieces of a fixed size, so that no result depends on the threads.
#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include "burnish/annotators.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "quality/ballots.hpp"

namespace burnish::quality {
namespace {

constexpr double least = 1e-6;  // of errors and weights
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : nan;
}

// Calls f(item, votes, count) for each item, with its votes counted.
template <class F>
void for_items(const Ballots& ballots, std::int64_t first, std::int64_t last, const F& f) {
  Votes votes(ballots);
  for (std::int64_t item = first; item < last; ++item) {
    const int count = votes.count(item);
    f(item, votes, count);
    votes.forget(item);
  }
}

void check_column(std::string_view call, std::string_view argument, const TensorView& out, DType dtype,
                  std::int64_t rows) {
  check_dtype(call, argument, out, {dtype});
  check_output(call, argument, out, contiguous_view(nullptr, dtype, Device{}, rows), {});
  check(rows <= 1 || out.strides[0] == 1, call, ": '", argument, "' is strided; pass a contiguous array");
}

template <class T>
T* data_of(const TensorView& view) {
  return static_cast<T*>(view.data);
}

// How often each annotator's labels are those of the item's other annotators.
struct AmongThemselves {
  std::vector<std::int64_t> agreed;
  std::vector<std::int64_t> met;
};

// How often the consensus is right in the eyes of annotators and model, over items of more than one label.
struct Agreement {
  Agreement(const Ballots& ballots)
      : side(static_cast<std::size_t>(ballots.most) + 1),
        items(side * side),
        classes(static_cast<std::size_t>(ballots.classes)),
        labels(static_cast<std::size_t>(ballots.annotators)),
        agreed(labels.size()) {}

  void operator+=(const Agreement& other) {
    const auto add = [](auto& to, const auto& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    add(items, other.items);
    add(classes, other.classes);
    add(labels, other.labels);
    add(agreed, other.agreed);
    model_errors += other.model_errors;
  }

  std::int64_t shared_items() const {
    std::int64_t count = 0;
    for (const std::int64_t n : classes) count += n;
    return count;
  }

  // Mean over items of the share of annotators that agree.
  double mean_agreement() const {
    double sum = 0;
    for (std::size_t count = 2; count < side; ++count) {
      for (std::size_t agree = 1; agree <= count; ++agree) {
        sum += static_cast<double>(items[count * side + agree]) *
               (static_cast<double>(agree) / static_cast<double>(count));
      }
    }
    return sum / static_cast<double>(shared_items());
  }

  std::size_t side;
  std::vector<std::int64_t> items;    // by number of labels and how many of them agree
  std::vector<std::int64_t> classes;  // of the consensus
  std::vector<std::int64_t> labels;   // of each annotator
  std::vector<std::int64_t> agreed;
  std::int64_t model_errors = 0;
};

struct Weights {
  double model = 0;
  double likelihood = 0;        // that an annotator's label is the consensus
  double other_likelihood = 0;  // of each other class
  std::vector<double> annotators;
};

class Crowd {
 public:
  Crowd(const ConsensusArgs& args)
      : args_(args), ballots_(read_ballots(args.call, args.labels, args.probs)), probs_(args.call, args.probs) {}

  double run() {
    const std::int64_t n = ballots_.items;
    const std::int64_t annotators = ballots_.annotators;
    check(ballots_.classes >= 2, args_.call, ": 'probs' has 1 class; accepted: 2 or more");
    check_column(args_.call, "consensus", args_.consensus, DType::int64, n);
    check_column(args_.call, "quality", args_.quality, DType::float64, n);
    check_column(args_.call, "agreement", args_.agreement, DType::float64, n);
    check_column(args_.call, "counts", args_.counts, DType::int64, n);
    check_dtype(args_.call, "annotator_stats", args_.annotator_stats, {DType::float64});
    check_output(args_.call, "annotator_stats", args_.annotator_stats,
                 contiguous_view(nullptr, DType::float64, Device{}, annotators, 3), {});
    check(ballots_.most >= 2, args_.call,
          ": no item has labels of two annotators, so that nobody can be compared; accepted: at least one such item");
    begin();
    Weights weights = weigh();
    choose(weights);
    weights = weigh();
    judge(weights);
    return weights.model;
  }

 private:
  std::int64_t& consensus(std::int64_t item) { return data_of<std::int64_t>(args_.consensus)[item]; }

  template <class F>
  void for_pieces(const F& f) {
    parallel_for(ballots_.items, item_grain, [&](std::int64_t first, std::int64_t last) {
      std::vector<double> probs(static_cast<std::size_t>(ballots_.classes));
      f(first, last, probs.data());
    });
  }

  // Majority votes, the model's own choice, and how annotators agree among themselves.
  void begin() {
    top_ = Buffer<std::int32_t>(static_cast<std::size_t>(ballots_.items));
    majority_ = Buffer<std::int32_t>(static_cast<std::size_t>(ballots_.items));
    const auto annotators = static_cast<std::size_t>(ballots_.annotators);
    among_ = {std::vector<std::int64_t>(annotators), std::vector<std::int64_t>(annotators)};
    std::mutex mutex;
    for_pieces([&](std::int64_t first, std::int64_t last, double* probs) {
      AmongThemselves among{std::vector<std::int64_t>(annotators), std::vector<std::int64_t>(annotators)};
      for_items(ballots_, first, last, [&](std::int64_t item, const Votes& votes, int count) {
        probs_.copy_row(item, probs);
        const auto i = static_cast<std::size_t>(item);
        top_[i] = static_cast<std::int32_t>(std::max_element(probs, probs + ballots_.classes) - probs);
        majority_[i] = count > 0 ? votes.majority(item, probs) : top_[i];
        consensus(item) = majority_[i];
        data_of<std::int64_t>(args_.counts)[item] = count;
        for (std::size_t a = 0; a < annotators; ++a) {
          const std::int32_t label = ballots_.of(item)[a];
          if (label == no_label) continue;
          among.agreed[a] += votes.of(label) - 1;
          among.met[a] += count - 1;
        }
      });
      const std::scoped_lock lock(mutex);
      for (std::size_t a = 0; a < annotators; ++a) {
        among_.agreed[a] += among.agreed[a];
        among_.met[a] += among.met[a];
      }
    });
    std::int64_t labels = 0;
    std::int64_t labeled_items = 0;
    for (std::int64_t item = 0; item < ballots_.items; ++item) {
      const std::int64_t count = data_of<std::int64_t>(args_.counts)[item];
      labels += count;
      labeled_items += count > 0;
    }
    labels_an_item_ = share(labels, labeled_items);
    labels_of_.assign(annotators, 0);
    for (std::int64_t item = 0; item < ballots_.items; ++item) {
      for (std::size_t a = 0; a < annotators; ++a) labels_of_[a] += ballots_.of(item)[a] != no_label;
    }
  }

  // Agreement with the consensus as it stands, and what it makes annotators and model count.
  Weights weigh() {
    agreement_ = Agreement(ballots_);
    std::mutex mutex;
    parallel_for(ballots_.items, item_grain, [&](std::int64_t first, std::int64_t last) {
      Agreement found(ballots_);
      for (std::int64_t item = first; item < last; ++item) {
        const auto count = static_cast<std::size_t>(data_of<std::int64_t>(args_.counts)[item]);
        const auto label = static_cast<std::int32_t>(consensus(item));
        std::size_t agree = 0;
        for (std::size_t a = 0; a < found.labels.size(); ++a) {
          const std::int32_t given = ballots_.of(item)[a];
          agree += given == label;
          if (given == no_label || count < 2) continue;
          ++found.labels[a];
          found.agreed[a] += given == label;
        }
        data_of<double>(args_.agreement)[item] =
            share(static_cast<std::int64_t>(agree), static_cast<std::int64_t>(count));
        if (count < 2) continue;
        ++found.items[count * found.side + agree];
        ++found.classes[static_cast<std::size_t>(label)];
        found.model_errors += top_[static_cast<std::size_t>(item)] != label;
      }
      const std::scoped_lock lock(mutex);
      agreement_ += found;
    });
    const std::int64_t shared = agreement_.shared_items();
    const std::int64_t most_likely = *std::max_element(agreement_.classes.begin(), agreement_.classes.end());
    const double naive_error = std::max(share(shared - most_likely, shared), least);
    const auto weight = [&](double error) { return std::max(1 - error / naive_error, least); };
    Weights weights;
    weights.likelihood = agreement_.mean_agreement();
    weights.other_likelihood = (1 - weights.likelihood) / static_cast<double>(ballots_.classes - 1);
    weights.model = weight(share(agreement_.model_errors, shared)) * std::sqrt(labels_an_item_);
    double sum = 0;
    std::int64_t known = 0;
    for (std::size_t a = 0; a < among_.met.size(); ++a) {
      if (among_.met[a] == 0) continue;
      sum += share(among_.agreed[a], among_.met[a]);
      ++known;
    }
    for (std::size_t a = 0; a < among_.met.size(); ++a) {
      // Of one who shares no item with others, what the others reach on average.
      const double agreed =
          among_.met[a] > 0 ? share(among_.agreed[a], among_.met[a]) : sum / static_cast<double>(known);
      weights.annotators.push_back(weight(1 - agreed));
    }
    return weights;
  }

  // Overwrites the model's probabilities with those of model and annotators together.
  void combine(std::int64_t item, const Weights& weights, double* probs) const {
    double annotators = 0;
    for (std::size_t a = 0; a < weights.annotators.size(); ++a) {
      if (ballots_.of(item)[a] != no_label) annotators += weights.annotators[a];
    }
    for (std::int64_t c = 0; c < ballots_.classes; ++c) {
      probs[c] = probs[c] * weights.model + annotators * weights.other_likelihood;
    }
    for (std::size_t a = 0; a < weights.annotators.size(); ++a) {
      const std::int32_t label = ballots_.of(item)[a];
      if (label == no_label) continue;
      probs[label] += weights.annotators[a] * (weights.likelihood - weights.other_likelihood);
    }
    for (std::int64_t c = 0; c < ballots_.classes; ++c) probs[c] /= annotators + weights.model;
  }

  // The likeliest class of each item; of several the majority vote.
  void choose(const Weights& weights) {
    for_pieces([&](std::int64_t first, std::int64_t last, double* probs) {
      for (std::int64_t item = first; item < last; ++item) {
        probs_.copy_row(item, probs);
        combine(item, weights, probs);
        const double* best = std::max_element(probs, probs + ballots_.classes);
        const bool is_alone = std::count(best, const_cast<const double*>(probs) + ballots_.classes, *best) == 1;
        consensus(item) = is_alone ? best - probs : majority_[static_cast<std::size_t>(item)];
      }
    });
  }

  void judge(const Weights& weights) {
    const auto annotators = static_cast<std::size_t>(ballots_.annotators);
    const std::int64_t pieces = (ballots_.items + item_grain - 1) / item_grain;
    Buffer<double> sums(static_cast<std::size_t>(pieces) * annotators);
    std::fill(sums.begin(), sums.end(), 0.0);
    parallel_for(pieces, 1, [&](std::int64_t first_piece, std::int64_t last_piece) {
      std::vector<double> probs(static_cast<std::size_t>(ballots_.classes));
      for (std::int64_t piece = first_piece; piece < last_piece; ++piece) {
        double* sum = sums.data() + static_cast<std::size_t>(piece) * annotators;
        const std::int64_t last = std::min(ballots_.items, (piece + 1) * item_grain);
        for (std::int64_t item = piece * item_grain; item < last; ++item) {
          probs_.copy_row(item, probs.data());
          combine(item, weights, probs.data());
          data_of<double>(args_.quality)[item] = probs[static_cast<std::size_t>(consensus(item))];
          for (std::size_t a = 0; a < annotators; ++a) {
            const std::int32_t label = ballots_.of(item)[a];
            if (label != no_label) sum[a] += probs[static_cast<std::size_t>(label)];
          }
        }
      }
    });
    double weight_of_all = 0;
    std::int64_t active = 0;
    for (std::size_t a = 0; a < annotators; ++a) {
      if (labels_of_[a] == 0) continue;
      weight_of_all += weights.annotators[a];
      ++active;
    }
    const double of_annotators = weight_of_all * labels_an_item_ / static_cast<double>(active);
    const double of_model = weights.model / (weights.model + of_annotators);
    auto* const stats = data_of<double>(args_.annotator_stats);
    const auto& strides = args_.annotator_stats.strides;
    for (std::size_t a = 0; a < annotators; ++a) {
      double sum = 0;
      for (std::int64_t piece = 0; piece < pieces; ++piece) {
        sum += sums[static_cast<std::size_t>(piece) * annotators + a];
      }
      const double mean_quality = labels_of_[a] > 0 ? sum / static_cast<double>(labels_of_[a]) : nan;
      const double agreed = share(agreement_.agreed[a], agreement_.labels[a]);
      const double both = of_model * mean_quality + (1 - of_model) * agreed;
      const double values[] = {std::isnan(agreed) ? mean_quality : both,
                               labels_of_[a] > 0 ? weights.annotators[a] : nan, agreed};
      for (std::int64_t i = 0; i < 3; ++i)
        stats[static_cast<std::int64_t>(a) * strides[0] + i * strides[1]] = values[i];
    }
  }

  const ConsensusArgs& args_;
  Ballots ballots_;
  Probabilities probs_;
  Buffer<std::int32_t> top_;
  Buffer<std::int32_t> majority_;
  AmongThemselves among_;
  Agreement agreement_{ballots_};
  std::vector<std::int64_t> labels_of_;
  double labels_an_item_ = 0;
};

}  // namespace

void majority(const MajorityArgs& args) {
  const Ballots ballots = read_ballots(args.call, args.labels, args.probs);
  std::optional<Probabilities> probs;
  if (args.probs) probs.emplace(args.call, *args.probs);
  check_column(args.call, "out", args.out, DType::int64, ballots.items);
  parallel_for(ballots.items, item_grain, [&](std::int64_t first, std::int64_t last) {
    std::vector<double> row(static_cast<std::size_t>(probs ? ballots.classes : 0));
    for_items(ballots, first, last, [&](std::int64_t item, const Votes& votes, int count) {
      if (probs) probs->copy_row(item, row.data());
      data_of<std::int64_t>(args.out)[item] = count > 0 ? votes.majority(item, probs ? row.data() : nullptr) : no_label;
    });
  });
}

double consensus(const ConsensusArgs& args) { return Crowd(args).run(); }

}  // namespace burnish::quality
