import Artifacts

/// What a reader must know to judge a table, from the layout and the scores alone.
struct TableNotes {
  let layout: TableLayout
  let published: PublishedNumbers
  let runs: [ScoredRun]
  let diverged: [DivergedRun]
  /// Name of each column's published data set, nil for a column without.
  let labels: [String?]
  let comparisons: [RowComparison]

  var lines: [String] {
    [how, normaliser, best, spread].compactMap { $0 } + differences + [lost, unlabelled, unverified, adopted].compactMap { $0 }
      + layout.remarks
      + ways
      + [budget, source, unprinted, notRun, missing].compactMap { $0 }
  }

  /// The runs of data sets with labels.
  private var scored: [ScoredRun] { runs.filter { $0.scores.images > 0 } }

  private var how: String? {
    guard !scored.isEmpty else { return nil }
    let seeds = Set(scored.map(\.seed)).sorted()
    // Another data set's values reproduce nothing, whatever stands beside them.
    let isPapers = zip(layout.columns, labels).allSatisfy { column, label in
      column.label == label || !scored.contains { $0.dataset == column.dataset }
    }
    let epochs = Set(scored.map { $0.lastEpochs(layout.averagedEpochs).map(\.epoch) }.filter { $0.count > 1 })
    let which = epochs.isEmpty ? "last epoch" : "mean of epochs \(epochs.map { list($0) }.sorted().joined(separator: "; "))"
    let what = "\(isPapers ? "Reproduced" : "Computed") values: \(which), chosen without labels"
    guard seeds.count > 1 else { return "\(what); one seed (\(list(seeds))), so no spread is known." }
    let interval = seeds.count >= Spread.leastForInterval ? "; in brackets the 95 % interval of Student's t for the mean" : ""
    return "\(what); mean ± sample standard deviation over \(seeds.count) seeds (\(list(seeds)))\(interval)."
  }

  private var normaliser: String? {
    scored.isEmpty
      ? nil
      : "NMI is divided by the geometric mean of both entropies, as in the code of PICA and DCDC; scores.json has it with the arithmetic mean too."
  }

  private var best: String? {
    let epochs = Set(scored.flatMap { $0.scores.epochs.map(\.epoch) }).sorted()
    guard epochs.count > 1 else { return nil }
    return
      "best ACC: the highest over seeds and the kept epochs (\(list(epochs))). It is chosen with labels, so it is no score of an unsupervised method."
  }

  /// How far seeds lie apart, and how far rows do.
  private var spread: String? {
    var (seeds, rows) = (0.0, 0.0)
    for column in layout.columns {
      let byMethod = Dictionary(grouping: scored.filter { $0.dataset == column.dataset }, by: \.method)
        .mapValues { $0.compactMap(\.scores.last.accuracy) }
      for values in byMethod.values { seeds = max(seeds, range(values)) }
      rows = max(rows, range(byMethod.values.compactMap { Spread($0)?.mean }))
    }
    guard Set(scored.map(\.seed)).count > 1, rows > 0 else { return nil }
    return
      "Seeds of one row differ by up to \(fixed(seeds)) in ACC, the means of the rows by up to \(fixed(rows)). Whether two rows differ is for"
      + " a test over their pairs of seeds to say (docs/statistics.md), not for the eye."
  }

  /// Trainings that diverged.
  private var lost: String? {
    let shown = diverged.filter { run in layout.columns.contains { $0.dataset == run.dataset } }
    guard !shown.isEmpty else { return nil }
    return
      "Diverged, so without a value of their own: \(shown.map(\.reason).joined(separator: "; ")). The other seeds of these rows count alone."
  }

  /// Data sets that were clustered, but have nothing to be scored against.
  private var unlabelled: String? {
    let names = layout.columns.filter { column in
      let here = runs.filter { $0.dataset == column.dataset }
      return !here.isEmpty && here.allSatisfy { $0.scores.images == 0 }
    }.map(\.label)
    return names.isEmpty ? nil : "No scores, since its images have no labels: \(names.joined(separator: ", "))."
  }

  /// Data sets that were taken as they were found.
  private var unverified: String? {
    let names = layout.columns.filter { column in runs.contains { $0.dataset == column.dataset && !$0.scores.verified } }.map(\.label)
    return names.isEmpty
      ? nil
      : "The original files were not held against official checksums: \(names.joined(separator: ", ")). Where such an archive was made from JPEG"
        + " pictures, its images went through JPEG, and are not quite those that others computed with."
  }

  /// Which way was taken by methods that have several, such as "SC (CIFAR-10): affinities of 50 nearest neighbours."
  private var ways: [String] {
    layout.rows.compactMap { row in
      let said = layout.columns.compactMap { column -> String? in
        let remarks = runs.filter { $0.method == row.method && $0.dataset == column.dataset }.compactMap(\.scores.remarks)
        return remarks.isEmpty ? nil : "\(column.label): \(Set(remarks).sorted().joined(separator: "; "))"
      }
      return said.isEmpty ? nil : "\(row.label) on \(said.joined(separator: ", on "))."
    }
  }

  /// Rows that stand on results which the present programs did not compute.
  private var adopted: String? {
    let names = layout.rows.compactMap { row -> String? in
      let count = runs.count { $0.isAdopted && $0.method == row.method }
      return count == 0 ? nil : "\(row.label) (\(count) of \(runs.count { $0.method == row.method }) results)"
    }
    return names.isEmpty
      ? nil
      : "Adopted, not executed: \(names.joined(separator: ", ")). Programs changed since, and an instance of each method that was executed again"
        + " came out equal to the byte; so the other results were taken over."
  }

  /// Epochs, images and network of every data set.
  private var budget: String? {
    let parts = layout.columns.compactMap { column -> String? in
      let here = runs.filter { $0.dataset == column.dataset }
      guard !here.isEmpty else { return nil }
      let images = Set(here.map(\.scores.images)).sorted()
      let words = images == [0] ? "unlabelled images" : "\(list(images, grouped: true)) image\(images == [1] ? "" : "s") scored"
      return "\(column.label): \(words)\(epochs(here))"
    }
    guard !parts.isEmpty else { return nil }
    let network = "stages of \(list(layout.network.widths)) channels and \(list(layout.network.blocks)) blocks"
    return "Budget of this run: \(parts.joined(separator: ". ")); residual networks have \(network)."
      + (layout.isPublished ? " Budget of the paper: \(published.budget)." : "")
  }

  /// How many epochs, and of which rows where they differ.
  private func epochs(_ runs: [ScoredRun]) -> String {
    let rows = Dictionary(grouping: layout.rows) { row in runs.first { $0.method == row.method }?.scores.last.epoch ?? 0 }
    let trained = rows.filter { $0.key > 0 }.sorted { $0.key < $1.key }
    let parts = trained.map { epochs, rows in
      "\(epochs) epoch\(epochs == 1 ? "" : "s")" + (trained.count == 1 ? "" : " of \(rows.map(\.label).joined(separator: ", "))")
    }
    return parts.isEmpty ? "" : ", " + parts.joined(separator: "; ") + (parts.count > 1 ? " (fewer where a method ends by itself)" : "")
  }

  private var source: String? {
    guard layout.isPublished else { return nil }
    let elsewhere = zip(layout.columns, labels).filter { $0.label != $1 }.map { column, label in
      "The paper has no numbers for \(column.label)" + (label.map { ": its \($0) numbers stand beside it and are no target." } ?? ".")
    }
    return (["Published values: \(published.source)"] + elsewhere).joined(separator: " ")
  }

  /// Rows of methods that the paper does not have.
  private var unprinted: String? {
    guard layout.isPublished else { return nil }
    let names = layout.rows.filter { $0.published == nil }.map { row in
      isPart(row.method) ? row.label : "\(row.label) (not part of this profile either)"
    }
    return names.isEmpty ? nil : "Not in the paper, hence without published values: \(names.joined(separator: ", "))."
  }

  /// Methods that exist, but of which this profile has no scores on some data set.
  private var notRun: String? {
    let open = layout.rows.compactMap { row -> String? in
      guard let method = row.method, row.published != nil else { return nil }
      let columns = layout.columns.filter { column in
        column.published != nil && !isPart(method, column.dataset)
      }
      guard !columns.isEmpty else { return nil }
      return columns.count == layout.columns.count ? row.label : "\(row.label) (\(columns.map(\.label).joined(separator: ", ")))"
    }
    return open.isEmpty ? nil : "Not part of this profile, published values only: \(open.joined(separator: ", "))."
  }

  /// Whether a method was computed, though every run of it may have diverged.
  private func isPart(_ method: String?, _ dataset: String? = nil) -> Bool {
    runs.contains { $0.method == method && $0.dataset == dataset ?? $0.dataset }
      || diverged.contains { $0.method == method && $0.dataset == dataset ?? $0.dataset }
  }

  private var missing: String? {
    guard layout.isPublished else { return nil }
    let names = layout.rows.filter { $0.method == nil }.map(\.label)
    return names.isEmpty ? nil : "Not implemented yet, published values only: \(names.joined(separator: ", "))."
  }

  private func range(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }

  func list(_ numbers: [Int], grouped: Bool = false) -> String {
    numbers.map { grouped ? thousands($0) : String($0) }.joined(separator: ", ")
  }
}
