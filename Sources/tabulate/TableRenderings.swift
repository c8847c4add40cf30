import Artifacts
import Foundation

extension PaperTable {
  /// The table itself: every cell with the results it came from.
  var json: JSONValue {
    [
      "table": .string(name), "profile": .string(profile), "title": .string(title),
      "cells": .array(
        cells.map { cell in
          [
            "row": .string(cell.row), "dataset": .string(cell.dataset), "metric": .string(cell.metric), "mean": Self.number(cell.mean),
            "std": Self.number(cell.deviation), "best": Self.number(cell.best), "seeds": .array(cell.seeds.map(JSONValue.integer)),
            "published": Self.number(cell.published),
            "sources": .array(
              cell.sources.map { ["instance": .string($0.instance), "action": .string($0.action), "output": .string($0.output)] }),
          ]
        }), "notes": .array(notes.map(JSONValue.string)),
    ]
  }

  private static func number(_ value: Double?) -> JSONValue { value.map { .number(($0 * 1e6).rounded() / 1e6) } ?? .null }

  /// Three digits, as the paper prints them.
  private static func three(_ value: Double) -> String { String(format: "%.3f", value) }

  /// Header and body as text, the spread after `plusMinus`.
  private func grid(plusMinus: String, dash: String) -> [[String]] {
    let header =
      [""]
      + columns.flatMap { column in
        Self.metrics.map { "\(column.label) \($0)" } + Self.metrics.map { "published (\(column.publishedLabel)) \($0)" }
      }
    return [header]
      + rows.map { row in
        [row]
          + columns.flatMap { column in
            let cells = Self.metrics.map { cell(row, column.dataset, $0) }
            let ours = cells.map { cell -> String in
              guard let mean = cell?.mean else { return dash }
              return Self.three(mean) + (cell?.deviation.map { plusMinus + Self.three($0) } ?? "")
            }
            return ours + cells.map { $0?.published.map(Self.three) ?? dash }
          }
      }
  }

  var markdown: String {
    let grid = grid(plusMinus: " ± ", dash: "—")
    let widths = grid[0].indices.map { column in max(3, grid.map { $0[column].count }.max() ?? 3) }
    func line(_ fields: [String]) -> String {
      "| " + zip(fields, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ") + " |\n"
    }
    return "# \(heading)\n\n" + line(grid[0]) + line(widths.map { String(repeating: "-", count: $0) }) + grid.dropFirst().map(line).joined()
      + "\n" + notes.map { "- \($0)\n" }.joined()
  }

  private var heading: String { "Table \(name.dropFirst("table".count)): \(title) (profile \(profile))" }

  var csv: String {
    func field(_ text: String) -> String {
      text.contains { "\",\n".contains($0) } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }
    let lines = cells.map { cell in
      [
        cell.row, cell.dataset, cell.metric, cell.mean.map(Self.three) ?? "", cell.deviation.map(Self.three) ?? "",
        cell.best.map(Self.three) ?? "", String(cell.seeds.count), cell.published.map(Self.three) ?? "",
      ]
    }
    return ([["row", "dataset", "metric", "mean", "std", "best", "seeds", "published"]] + lines)
      .map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  /// A table for the package booktabs.
  var latex: String {
    func escape(_ text: String) -> String { text.replacingOccurrences(of: "&", with: "\\&").replacingOccurrences(of: "%", with: "\\%") }
    let grid = grid(plusMinus: " $\\pm$ ", dash: "--")
    let groups = columns.map { "\\multicolumn{3}{c}{\(escape($0.label))} & \\multicolumn{3}{c}{published (\(escape($0.publishedLabel)))}" }
    let metrics = columns.flatMap { _ in Self.metrics + Self.metrics }
    return
      "% \(heading)\n\\begin{table}\n\\centering\n\\caption{\(escape(title))}\n\\begin{tabular}{l\(String(repeating: "r", count: metrics.count))}\n"
      + "\\toprule\n & \(groups.joined(separator: " & ")) \\\\\n & \(metrics.joined(separator: " & ")) \\\\\n\\midrule\n"
      + grid.dropFirst().map { $0.map(escape).joined(separator: " & ") + " \\\\\n" }.joined()
      + "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
      + notes.map { "% \($0)\n" }.joined()
  }
}
