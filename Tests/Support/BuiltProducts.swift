// Where the programs are that were built together with the tests.
import Foundation

/// The folder of the running test binary and what stands in it.
package enum BuiltProducts {
    /// The folder with the built programs: `OPSGATE_TEST_PRODUCTS`, or where the test binary is.
    package static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["OPSGATE_TEST_PRODUCTS"] { return folder }
        let binary = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (binary as NSString).deletingLastPathComponent
    }()

    /// The root of the package: the nearest folder above the products, or above this source file, with a manifest.
    package static let packageRoot: String = {
        for start in [folder, (#filePath as NSString).deletingLastPathComponent] {
            var candidate = start
            while candidate.count > 1 {
                if FileManager.default.fileExists(atPath: candidate + "/Package.swift") { return candidate }
                candidate = (candidate as NSString).deletingLastPathComponent
            }
        }
        return FileManager.default.currentDirectoryPath
    }()

    /// The path of a built program.
    /// - Throws: ``SupportError`` if it is not there; the test's target must depend on the program's.
    package static func path(_ program: String) throws -> String {
        let path = folder + "/" + program
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SupportError("\(program) is not in \(folder); build it, or name its folder in OPSGATE_TEST_PRODUCTS")
        }
        return path
    }
}
