// Addresses of upstreams: private hosts are fine, metadata services are not, however they are spelt.

import Testing

@testable import Conversation

@Suite struct UpstreamAddressTests {
    @Test(arguments: [
        "https://api.openai.com/v1", "http://127.0.0.1:8080/v1", "http://localhost:11434/v1", "http://10.0.0.7",
        "http://[::1]:8000/v1", "http://[fd00::1]/v1", "HTTPS://Model-Server.example:443/a/b", "http://169.253.1.1/",
        "http://169.example/v1", "http://model_server/v1",
    ]) func areTaken(_ url: String) {
        #expect(UpstreamAddress.problem(url) == nil, "\(UpstreamAddress.problem(url) ?? "")")
    }

    @Test(arguments: [
        "http://169.254.169.254/latest", "http://169.254.0.1:80", "http://0xa9fea9fe/", "http://2852039166/",
        "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://169.254.169.254./", "http://[fe80::1]/",
        "http://[febf::1]/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:a9fe:a9fe::]/", "http://[::169.254.169.254]/",
        "http://[fd00:ec2::254]/", "http://metadata.google.internal/", "http://METADATA/",
    ]) func metadataServicesAreRefused(_ url: String) {
        #expect(UpstreamAddress.problem(url)?.contains("link-local") == true)
    }

    @Test(arguments: [
        "", "api.openai.com", "ftp://x", "file:///etc/passwd", "http://", "http:///v1", "http://u:p@h/", "http://h:0/",
        "http://h:99999/", "http://h:x/", "http://169%2e254.169.254/", "http://[fe80::1%25eth0]/", "http://h/ v1",
        "http://h\\@g/", "http://h?x=1", "http://h/#f", "http://hôte/", "http://[::1", "http://./",
    ]) func nonsenseIsRefused(_ url: String) {
        #expect(UpstreamAddress.problem(url) != nil)
    }
}
