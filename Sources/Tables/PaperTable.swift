import Artifacts

/// Scores of one run with where they came from.
public struct ScoredRun: Sendable {
  public let method, dataset: String
  public let seed: Int
  /// Instance name, action key and output digest.
  public let instance, action, output: String
  public internal(set) var scores: Scores
  /// Whether it, or anything it was made from, was adopted on evidence, and not executed.
  public let isAdopted: Bool

  public init(
    method: String, dataset: String, seed: Int, instance: String, action: String, output: String, scores: Scores, isAdopted: Bool = false
  ) {
    self.isAdopted = isAdopted
    self.method = method
    self.dataset = dataset
    self.seed = seed
    self.instance = instance
    self.action = action
    self.output = output
    self.scores = scores
  }
}

/// A run without scores, since its training diverged.
public struct DivergedRun: Sendable {
  public let method, dataset: String
  public let seed: Int
  /// Which instance, epoch and term.
  public let reason: String

  public init(method: String, dataset: String, seed: Int, reason: String) {
    (self.method, self.dataset, self.seed, self.reason) = (method, dataset, seed, reason)
  }
}

/// One of the paper's Tables 1 to 4: what was computed beside what was published. JSON, Markdown, LaTeX and CSV are renderings of it.
public struct PaperTable: Sendable {
  /// One metric of one row on one data set.
  public struct Cell: Sendable {
    public let row, dataset, metric: String
    /// Over seeds, at the last epoch, which is chosen without labels, or the mean of the last `averagedEpochs`; nil where nothing was computed.
    public let spread: Spread?
    /// The same metric of the run and kept epoch with the highest ACC, chosen with labels; nil where nothing was computed.
    public let best: Double?
    public let seeds: [Int]
    /// The same by seed, in the order of `seeds`; nil where the data set has no labels.
    public let values: [Double?]
    /// Seeds whose training diverged: they have no part in the values.
    public let diverged: [Int]
    /// Nil where the paper prints a dash or nothing.
    public let published: Double?
    /// Letter of the footnote on the published number.
    public let footnote: String?
    public let sources: [ScoredRun]
  }

  /// A remark under the table.
  public struct Footnote: Hashable, Sendable {
    public let letter, text: String
  }

  /// `table1` … `table4`.
  public let name: String
  public let profile: String
  public let layout: TableLayout
  /// Row by row, in a row by data set and metric.
  public let cells: [Cell]
  /// Rows held against each other, seed by seed.
  public let comparisons: [RowComparison]
  public let notes: [String]
  public let footnotes: [Footnote]
  let metrics: [String]
  /// Name of each column's published data set, as the paper writes it; nil for a column without.
  let publishedLabels: [String?]
  /// Letter of the footnote on a row as a whole, by row label.
  let rowFootnotes: [String: String]

  /// - Parameters:
  ///   - runs: scores by method, data set and seed; those of data sets that no column shows are left out.
  ///   - diverged: runs that would be among them.
  /// - Throws: `TableError` where layout, published numbers and runs contradict each other.
  public init(
    name: String, profile: String, layout: TableLayout, published: PublishedNumbers, runs: [ScoredRun], diverged: [DivergedRun] = []
  )
    throws(TableError)
  {
    try layout.check(against: published, table: name)
    let runs = runs.filter { run in layout.columns.contains { $0.dataset == run.dataset } }
      .map { $0.averaged(overEpochs: layout.averagedEpochs) }
    if let homeless = runs.first(where: { run in !layout.rows.contains { $0.method == run.method } }) {
      throw .homelessScores(instance: homeless.instance, table: name)
    }
    let labels = layout.columns.map { column in column.published.flatMap { published.datasets[$0] } }
    self.name = name
    self.profile = profile
    self.layout = layout
    metrics = published.metrics
    publishedLabels = labels
    var marks = FootnoteMarks(published.footnotes, table: name)
    rowFootnotes = Dictionary(
      layout.rows.compactMap { row in
        layout.isPublished ? row.published.flatMap { marks.letter(row: $0) }.map { (row.label, $0) } : nil
      },
      uniquingKeysWith: { first, _ in first })
    var cells: [Cell] = []
    for row in layout.rows {
      for column in layout.columns {
        let found = runs.filter { $0.method == row.method && $0.dataset == column.dataset }
        let lost = diverged.filter { $0.method == row.method && $0.dataset == column.dataset }.map(\.seed)
        // Beside a set that the paper does not have, only what is run is shown.
        if found.isEmpty, lost.isEmpty, column.published == nil { continue }
        let printed = row.published.flatMap { row in column.published.map { (row: row, dataset: $0) } }
        let best = found.map(\.scores.best).max { ($0.accuracy ?? 0) < ($1.accuracy ?? 0) }
        for metric in metrics {
          cells.append(
            Cell(
              row: row.label, dataset: column.dataset, metric: metric, spread: Spread(found.compactMap { $0.scores.last[metric] }),
              best: best?[metric], seeds: found.map(\.seed), values: found.map { $0.scores.last[metric] }, diverged: lost,
              published: printed.flatMap { published.value(name, $0.row, $0.dataset, metric) },
              footnote: printed.flatMap { marks.letter(row: $0.row, dataset: $0.dataset, metric: metric) }, sources: found))
        }
      }
    }
    self.cells = cells
    footnotes = marks.used
    comparisons = layout.comparisons(metrics, runs)
    notes = TableNotes(layout: layout, published: published, runs: runs, diverged: diverged, labels: labels, comparisons: comparisons).lines
  }

  /// The cell of a row, a data set and a metric.
  public func cell(_ row: String, _ dataset: String, _ metric: String) -> Cell? {
    cells.first { $0.row == row && $0.dataset == dataset && $0.metric == metric }
  }

  /// The data set whose published numbers stand in a column, where it is another one than the column's own.
  func otherLabel(_ column: Int) -> String? {
    publishedLabels[column].flatMap { $0 == layout.columns[column].label ? nil : $0 }
  }

  /// "Table 1. Title".
  public var heading: String { "Table \(name.drop { !$0.isNumber }). \(layout.title)" }
}

extension Scores.Metrics {
  /// A metric by the name the paper gives it; nil for other names. NMI is the geometric one.
  subscript(_ metric: String) -> Double? {
    switch metric {
    case "ACC": accuracy
    case "NMI": nmi
    case "ARI": ari
    default: nil
    }
  }
}

/// Hands out letters to footnotes in the order in which a table meets them.
struct FootnoteMarks {
  private let footnotes: [PublishedNumbers.Footnote]
  private let table: String
  private(set) var used: [PaperTable.Footnote] = []

  init(_ footnotes: [PublishedNumbers.Footnote], table: String) {
    self.footnotes = footnotes
    self.table = table
  }

  mutating func letter(row: String, dataset: String? = nil, metric: String? = nil) -> String? {
    let mark = PublishedNumbers.Footnote.Mark(table: table, row: row, dataset: dataset, metric: metric)
    guard let text = footnotes.first(where: { $0.marks.contains(mark) })?.text else { return nil }
    if let known = used.first(where: { $0.text == text }) { return known.letter }
    let letter = Self.letters(used.count)
    used.append(PaperTable.Footnote(letter: letter, text: text))
    return letter
  }

  /// a, b, …, z, aa, ab, …
  private static func letters(_ place: Int) -> String {
    (place < 26 ? "" : letters(place / 26 - 1)) + String(UnicodeScalar(UInt8(97 + place % 26)))
  }
}
