import Architectures
import Execution
import FileIO
import ModelIR
import NumPyFormat
import ONNXFormat
import PyTorchFormat

/// Runs a part of the library and gives its error a place in `ScaleNetError`.
func bridging<Result: ~Copyable, Failure: Error>(
  _ wrap: (Failure) -> ScaleNetError, _ body: () throws(Failure) -> Result
) throws(ScaleNetError) -> Result {
  do throws(Failure) { return try body() } catch { throw wrap(error) }
}
