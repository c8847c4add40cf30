import DeepClustering
import StageKit

/// The settings of the loss: CCR, its ablations and DCDC are weights of one loss.
struct LossSettings {
  let temperature = Setting<Double>("temperature", 1e-3...1e3, "τ of equations 2 and 4")
  let temperatureInside = Setting<Bool>("temperatureInside", "exp(cos/τ) rather than the printed exp(cos)/τ, in which τ cancels")
  let instanceWeight = Setting<Double>("instanceWeight", 0...1e6, "weight of the instance loss; 0 switches it off")
  let clusterWeight = Setting<Double>("clusterWeight", 0...1e6, "weight of the cluster loss; 0 switches it off")
  let relationWeight = Setting<Double>("relationWeight", 0...1e6, "α, weight of the relation loss; 0 switches it off")
  let relationReduction = Setting<String>(
    "relationReduction", choices: RelationReduction.allCases.map(\.rawValue), "how the relation loss reduces pairs")
  let balanceWeight = Setting<Double>("balanceWeight", 0...1e6, "β, weight of the balance term; 0 switches it off")

  var all: [AnySetting] {
    [
      AnySetting(temperature), AnySetting(temperatureInside), AnySetting(instanceWeight), AnySetting(clusterWeight),
      AnySetting(relationWeight), AnySetting(relationReduction), AnySetting(balanceWeight),
    ]
  }

  func make(_ settings: SettingValues) -> StructuralContrast {
    guard let reduction = RelationReduction(rawValue: settings[relationReduction]) else { preconditionFailure("a choice of the schema") }
    return StructuralContrast(
      temperature: settings[temperature], temperatureInside: settings[temperatureInside], instanceWeight: settings[instanceWeight],
      clusterWeight: settings[clusterWeight], relationWeight: settings[relationWeight], relationReduction: reduction,
      balanceWeight: settings[balanceWeight])
  }
}
