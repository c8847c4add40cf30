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
      "cells": .array(cells.map(\.json)), "notes": .array(notes.map(JSONValue.string)),
      "footnotes": .array(footnotes.map { ["letter": .string($0.letter), "text": .string($0.text)] }),
    ]
  }
}

extension PaperTable.Cell {
  fileprivate var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    return [
      "row": .string(row), "dataset": .string(dataset), "metric": .string(metric), "mean": number(spread?.mean),
      "std": number(spread?.deviation), "best": number(best), "seeds": .array(seeds.map(JSONValue.integer)),
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
