import Artifacts
import Glibc

/// What sbatch reads from its standard input. All paths in it are absolute.
package struct JobScript {
  let name: String
  let options: SlurmOptions
  let needs: JobNeeds
  /// A number of seconds before the limit at which the job is told.
  var warning: Int { min(120, needs.minutes * 15) }
  /// Of each job of the array, what it is asked for; a single job where there is one.
  let words: [[String]]
  /// Every job's command, to which its words are appended.
  let command: [String]
  let dependencies: [String]
  let comment: String
  /// The folder of pipeline.json.
  let folder: String
  let log: String
  /// What the stages' environment is made of besides.
  let variables: [(name: String, value: String)]
  /// Where only the end of others is waited for, however they end.
  let killOnInvalidDependency: Bool

  package init(
    name: String, options: SlurmOptions, needs: JobNeeds, words: [[String]], command: [String], dependencies: [String], comment: String,
    folder: String, log: String, variables: [(name: String, value: String)] = [], killOnInvalidDependency: Bool
  ) {
    (self.name, self.options, self.needs, self.words, self.command) = (name, options, needs, words, command)
    (self.dependencies, self.comment, self.folder, self.log) = (dependencies, comment, folder, log)
    (self.variables, self.killOnInvalidDependency) = (variables, killOnInvalidDependency)
  }

  package var text: String {
    var lines = [
      "--job-name=\(name)", "--comment=\(Self.quoted(comment))", "--chdir=\(Self.quoted(folder))",
      // A % would be a pattern.
      "--output=\(Self.quoted(log.replacing("%", with: "%%").replacing("%%a.txt", with: "%a.txt")))",
      "--open-mode=append", "--nodes=1", "--ntasks=1", "--cpus-per-task=\(needs.cpus)", "--time=\(needs.minutes)", "--requeue",
      "--signal=B:USR1@\(warning)",
    ]
    if words.count > 1 { lines.append("--array=0-\(words.count - 1)") }
    if let megabytes = needs.megabytes { lines.append("--mem=\(megabytes)M") }
    if let partition = options.partition { lines.append("--partition=\(Self.quoted(partition))") }
    if let account = options.account { lines.append("--account=\(Self.quoted(account))") }
    if !dependencies.isEmpty { lines.append("--dependency=\(dependencies.joined(separator: ","))") }
    if killOnInvalidDependency { lines.append("--kill-on-invalid-dep=yes") }
    lines += options.others
    let export = variables.map { "export \($0.name)=\(Shell.quoted($0.value))\n" }.joined()
    var choice = ""
    if words.count == 1 {
      choice = "set -- \(words[0].map(Shell.quoted).joined(separator: " "))\n"
    } else {
      let cases = words.enumerated().map { "\($0.offset)) set -- \($0.element.map(Shell.quoted).joined(separator: " "));;\n" }.joined()
      choice = "case \"$SLURM_ARRAY_TASK_ID\" in\n\(cases)esac\n"
    }
    // The word that the limit is near must not end the shell before ccr listens; exec lets ccr have it, since Slurm tells the shell alone.
    return "#!/bin/sh\n" + lines.map { "#SBATCH \($0)\n" }.joined() + "trap '' USR1\n\(export)\(choice)"
      + "exec \(command.map(Shell.quoted).joined(separator: " ")) \"$@\"\n"
  }

  /// In a line of #SBATCH.
  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
