import HeapModule

/// An instance whose key is known and whose result is not there.
struct ReadyAction {
  let number: Int
  let key: ActionKey
  let ingredients: Ingredients
}

/// What could start, longest chain first; equals in the plan's order.
struct ReadyQueue {
  private struct Entry: Comparable {
    let priority: Double
    let number: Int

    static func < (a: Entry, b: Entry) -> Bool { (a.priority, b.number) < (b.priority, a.number) }
  }

  private var heap = Heap<Entry>()
  /// What is still in the queue: an entry of the heap without an action was removed.
  private var actions: [Int: ReadyAction] = [:]
  private var counts: [String: Int] = [:]

  var isEmpty: Bool { actions.isEmpty }
  /// How many different actions are in the queue.
  var distinctKeys: Int { counts.count }

  func contains(_ number: Int) -> Bool { actions[number] != nil }

  mutating func insert(_ action: ReadyAction, priority: Double) {
    remove(action.number)
    actions[action.number] = action
    counts[action.key.hex, default: 0] += 1
    heap.insert(Entry(priority: priority, number: action.number))
  }

  mutating func popFirst() -> ReadyAction? {
    while let entry = heap.popMax() {
      if let action = remove(entry.number) { return action }
    }
    return nil
  }

  @discardableResult
  mutating func remove(_ number: Int) -> ReadyAction? {
    guard let action = actions.removeValue(forKey: number) else { return nil }
    counts[action.key.hex, default: 0] -= 1
    if counts[action.key.hex] == 0 { counts[action.key.hex] = nil }
    return action
  }
}
