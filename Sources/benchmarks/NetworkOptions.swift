import ArgumentParser

/// Which network, on which images; ResNet-34 at the paper's scale unless told otherwise.
struct NetworkOptions: ParsableArguments {
  @Option(help: "Height and width of the images.") var size = 32
  @Option(help: "Channels of the images: 1 or 3.") var channels = 3
  @Option(help: "Outputs of the head.") var clusters = 10
  @Option(name: .customLong("widths"), help: "Channels of every stage.") private var widthList = "64,128,256,512"
  @Option(name: .customLong("blocks"), help: "Blocks of every stage.") private var blockList = "3,4,6,3"

  var widths: [Int] { Self.numbers(widthList) }
  var blocks: [Int] { Self.numbers(blockList) }

  mutating func validate() throws {
    guard size >= 1, [1, 3].contains(channels), clusters >= 2 else {
      throw ValidationError("size is at least 1, channels 1 or 3, clusters at least 2")
    }
    guard widths.count == blocks.count, !widths.isEmpty else {
      throw ValidationError("--widths and --blocks are lists of equal length, such as 16,32,64 and 1,1,1")
    }
  }

  private static func numbers(_ list: String) -> [Int] { list.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 } }
}
