import Tensors

/// Numbers that the pieces of one piece of work share: each piece writes its own elements, and nobody reads an element before
/// the pieces that write it are done. Hence safe to capture in the closures of a `ThreadTeam`.
package final class SharedArray<Element: BitwiseCopyable>: @unchecked Sendable {
  package let count: Int
  package let base: UnsafeMutablePointer<Element>

  package init(repeating value: Element, count: Int) {
    self.count = count
    base = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
      .bindMemory(to: Element.self, capacity: count)
    base.initialize(repeating: value, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  package var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  @inline(__always) package subscript(_ index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }
}

extension ThreadTeam {
  /// The results of `body` for every piece in `0..<count`, in their order.
  func map<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
    Array(unsafeUninitializedCapacity: count) { buffer, initializedCount in
      let slots = Slots(base: buffer.baseAddress)
      forEach(count) { piece in slots.base.map { ($0 + piece).initialize(to: body(piece)) } }
      initializedCount = count
    }
  }
}

/// Where the results of pieces go: each piece initialises its own slot.
private struct Slots<Result>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Result>?
}
