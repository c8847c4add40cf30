import Artifacts

extension PaperTable {
  /// The table as data: every cell with the results it came from. The other formats show the same.
  public var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    return [
      "table": .string(name), "profile": .string(profile), "title": .string(layout.title),
      "columns": .array(
        zip(layout.columns, publishedLabels).map {
          ["dataset": .string($0.dataset), "label": .string($0.label), "published": text($0.published), "publishedLabel": text($1)]
        }),
      "rowFootnotes": .object(layout.rows.compactMap { row in rowFootnotes[row.label].map { .init(row.label, .string($0)) } }),
      "cells": .array(cells.map(\.json)), "comparisons": .array(comparisons.map(\.json)), "notes": .array(notes.map(JSONValue.string)),
      "footnotes": .array(footnotes.map { ["letter": .string($0.letter), "text": .string($0.text)] }),
    ]
  }
}

/// Both ends of a 95 % interval; null for none.
private func intervalJSON(_ interval: ClosedRange<Double>?) -> JSONValue {
  interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null
}

extension RowComparison {
  fileprivate var json: JSONValue {
    [
      "row": .string(row), "against": .string(against), "dataset": .string(dataset), "metric": .string(metric),
      "seeds": .array(seeds.map(JSONValue.integer)), "differences": .array(differences.map(JSONValue.number)),
      "mean": .number(spread.mean), "std": spread.deviation.map(JSONValue.number) ?? .null, "interval": intervalJSON(spread.interval),
      "bootstrap": intervalJSON(bootstrap), "p": pValue.map(JSONValue.number) ?? .null, "pHolm": corrected.map(JSONValue.number) ?? .null,
      "apart": .bool(isApart),
    ]
  }
}

extension PaperTable.Cell {
  fileprivate var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    return [
      "row": .string(row), "dataset": .string(dataset), "metric": .string(metric), "mean": number(spread?.mean),
      "std": number(spread?.deviation), "best": number(best), "seeds": .array(seeds.map(JSONValue.integer)),
      "values": .array(values.map(number)), "diverged": .array(diverged.map(JSONValue.integer)), "interval": intervalJSON(spread?.interval),
      "published": number(published), "footnote": footnote.map(JSONValue.string) ?? .null,
      "sources": .array(
        sources.map { source in
          let adopted: [JSONValue.Member] = source.isAdopted ? [.init("adopted", .bool(true))] : []
          return .object(
            [
              .init("instance", .string(source.instance)), .init("action", .string(source.action)), .init("output", .string(source.output)),
            ] + adopted)
        }),
    ]
  }
}
