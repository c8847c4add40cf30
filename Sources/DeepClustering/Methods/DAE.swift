import Gradients
import StageKit
import Tensors

/// Denoising auto-encoder (Vincent et al. 2010): as `AE`, but it sees images of which pixels are set to 0 at random, and is to reconstruct the whole ones.
/// k-means on the code of the whole image.
public final class DAE: ReconstructionMethod {
  public static let name = "dae"
  public static let form = AutoencoderModel.Form.plain
  private static let corruption = Setting<Double>(
    "corruption", 0...0.99, "probability with which a pixel is set to 0, in all channels together")
  public static let ownSettings = [AnySetting(corruption)]

  public let training: AutoencoderTraining
  private let rate: Float

  public init(_ settings: SettingValues, data: DataFacts) {
    training = AutoencoderTraining(settings, form: Self.form, data: data)
    rate = Float(settings[Self.corruption])
  }

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let mask = RandomMask(seed: training.seed, pass: pass.number, step: training.stepsDone)
    return training.reconstruct(batch.images, from: mask.corrupted(batch.images, rate: rate, team: team), in: pass, team: team)
  }
}
