import Artifacts
import Tensors

extension HDF5Reader {
  /// A float32 dataset, read whole.
  public func tensor(_ name: String, axes: Int? = nil) throws(HDF5Error) -> Tensor {
    let (values, shape) = try numbers(name, axes: axes)
    return Tensor(shape: shape, values)
  }
}

extension HDF5Writer {
  /// Writes a tensor as float32.
  public func write(_ tensor: Tensor, to name: String, axes: String, units: String, meaning: String) throws(HDF5Error) {
    try write(tensor.scalars, shape: tensor.shape, to: name, axes: axes, units: units, meaning: meaning)
  }
}
