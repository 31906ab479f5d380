// Addresses that are good on one link only, where clouds answer with credentials: nothing that people enter leads there.

import CCurl
import Glibc

/// Link-local addresses: 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291), in every form in which an IPv4 address
/// stands in an IPv6 one; and fd00:ec2::254, the metadata service of AWS.
package enum LinkLocal {
    /// - Parameter address: the 4 or 16 bytes of an address in the order of the network.
    package static func contains(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: return address[0] == 169 && address[1] == 254
        case 16:
            if address[0] == 0xFE, address[1] & 0xC0 == 0x80 { return true }
            if address == metadata { return true }
            return embedded(address).map(contains) ?? false
        default: return false
        }
    }

    /// Whether a host as it stands in a URL, without brackets, is such an address in any form that resolvers take:
    /// `0xA9FEA9FE`, `2852039166` and `169.254.43518` are numbers, too.
    package static func isLiteral(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if inet_aton(name, &four) != 0 { return contains(withUnsafeBytes(of: four) { Array($0) }) }
        if inet_pton(AF_INET6, name, &six) == 1 { return contains(withUnsafeBytes(of: six) { Array($0) }) }
        return false
    }

    private static let metadata: [UInt8] = [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54]

    /// The IPv4 address in a mapped or compatible one (RFC 4291), behind NAT64 (RFC 6052) or in 6to4 (RFC 3056).
    private static func embedded(_ address: [UInt8]) -> [UInt8]? {
        let zeros = address.prefix { $0 == 0 }.count
        if zeros >= 12 || (zeros == 10 && address[10] == 0xFF && address[11] == 0xFF) { return Array(address[12...]) }
        if address.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return Array(address[12...]) }
        if address.starts(with: [0x20, 0x02]) { return Array(address[2..<6]) }
        return nil
    }
}
