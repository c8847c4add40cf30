import StageKit
import Tensors

/// Auto-encoder (Bengio et al. 2006): compress and reconstruct. L = (1/N) Σᵢ Σ (x̂ᵢ − xᵢ)², summed over pixels; k-means on the code.
public final class AE: ReconstructionMethod {
  public static let name = "ae"
  public static let form = AutoencoderModel.Form.plain
  public static let ownSettings: [AnySetting] = []

  public let training: AutoencoderTraining

  public init(_ settings: SettingValues, data: DataFacts) {
    training = AutoencoderTraining(settings, form: Self.form, data: data)
  }

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    training.reconstruct(batch.images, from: batch.images, in: pass, team: team)
  }
}
