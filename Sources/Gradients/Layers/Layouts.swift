import Tensors

extension Tape {
  /// The same elements, in the order of memory (channels last), under another shape of equal count.
  public func reshape(_ x: Variable, to shape: [Int]) -> Variable {
    let old = x.value.shape
    return custom(value: x.value.reshaped(to: shape), inputs: [x]) { [$0.reshaped(to: old)] }
  }

  /// Images [N, H, W, C] as rows [N, C·H·W], channel by channel: PyTorch's order, so that a linear layer behind it has PyTorch's weights.
  public func flatten(_ x: Variable) -> Variable {
    let (shape, team) = (x.value.shape, team)
    return custom(value: x.value.flattenedByChannel(team: team), inputs: [x]) {
      [$0.imagesByChannel(height: shape[1], width: shape[2], team: team)]
    }
  }

  /// The inverse of `flatten`: rows [N, C·H·W] as images [N, H, W, C].
  public func unflatten(_ x: Variable, height: Int, width: Int) -> Variable {
    let team = team
    return custom(value: x.value.imagesByChannel(height: height, width: width, team: team), inputs: [x]) {
      [$0.flattenedByChannel(team: team)]
    }
  }

  /// Values side by side along the last axis (channels, features); their other axes are equal.
  public func concatenate(_ parts: [Variable]) -> Variable {
    let (widths, team) = (parts.map { $0.value.shape.last ?? 0 }, team)
    return custom(value: Tensor(concatenating: parts.map(\.value), team: team), inputs: parts) { gradient in
      var start = 0
      return widths.map { width in
        defer { start += width }
        return gradient.columns(start..<start + width, team: team)
      }
    }
  }

  /// Values one after the other along the first axis; their other axes are equal.
  public func join(_ parts: [Variable]) -> Variable {
    let counts = parts.map { $0.value.shape[0] }
    return custom(value: Tensor(joining: parts.map(\.value)), inputs: parts) { gradient in
      var start = 0
      return counts.map { count in
        defer { start += count }
        return gradient.rows(start..<start + count)
      }
    }
  }

  /// Some elements of the first axis, in the order of `numbers`, which may repeat.
  public func rows(_ x: Variable, _ numbers: [Int]) -> Variable {
    let shape = x.value.shape
    return custom(value: x.value.rows(numbers), inputs: [x]) { [Tensor(addingRows: $0, at: numbers, shape: shape)] }
  }

  /// Rows x [N, D] at every position of a map: [N, H, W, D].
  public func broadcast(_ x: Variable, height: Int, width: Int) -> Variable {
    let (n, d, team) = (x.value.shape[0], x.value.shape[1], team)
    let positions = height * width
    let numbers = (0..<n * positions).map { $0 / positions }
    return custom(value: x.value.rows(numbers).reshaped(to: [n, height, width, d]), inputs: [x]) { gradient in
      // A sum over positions is their mean times their number.
      var sums = Pooling.globalAverage(gradient, team: team)
      sums.withUnsafeMutableBufferPointer { sums in for at in sums.indices { sums[at] *= Float(positions) } }
      return [sums]
    }
  }
}
