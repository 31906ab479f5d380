// The version of the program, told in one place.

/// The version by semantic versioning.
package enum ProgramVersion {
    package static let current = "0.1.0"
}
