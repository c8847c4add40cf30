import StageKit

/// The catalogue of deep methods: one line for each. One suite of tests puts the contract to every line.
public enum DeepMethods {
  public static let all: [any DeepMethod.Type] = [
    CCR.self,
    IIC.self,
    AE.self,
    DAE.self,
    DeCNN.self,
    VAE.self,
    DAC.self,
    DCCM.self,
    DEC.self,
    JULE.self,
  ]

  /// Settings of each method, by its name.
  public static func variants(_ settings: (any DeepMethod.Type) -> [AnySetting]) -> [String: [AnySetting]] {
    Dictionary(uniqueKeysWithValues: all.map { ($0.name, settings($0)) })
  }

  public static func named(_ name: String) -> (any DeepMethod.Type)? { all.first { $0.name == name } }
}
