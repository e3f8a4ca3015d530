import Foundation

/// Certificates for tests only: an invented authority, a server on this machine and a client of it,
/// valid from 2020 to 2119. The keys guard nothing.
enum TestCertificates {
  static let authority = """
    -----BEGIN CERTIFICATE-----
    MIIBbDCCARGgAwIBAgIUXFtUYmgwRj+3785zCNKTP7jfpw0wCgYIKoZIzj0EAwIw
    IjEgMB4GA1UEAwwXSW52ZW50ZWQgVGVzdCBBdXRob3JpdHkwIBcNMjAwMTAxMDAw
    MDAwWhgPMjExOTEyMzEwMDAwMDBaMCIxIDAeBgNVBAMMF0ludmVudGVkIFRlc3Qg
    QXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEum8hHj3pcD4wTOb6
    jjgcRyQPBzKwGSBk+UAx3FR9p4r5BPHj2ISltSPWDBnweDnyGP1mWGRlHQ0jp9cp
    k4XzX6MjMCEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZI
    zj0EAwIDSQAwRgIhAOEt7sJ7b1aJ8J2yIPW3hvc+nxrNEa58RAySSD6wHMlmAiEA
    +/tAuxTpefrN004/HD8qXplO7p0sFMSNhjNqe0yRiDY=
    -----END CERTIFICATE-----
    """

  static let server = """
    -----BEGIN CERTIFICATE-----
    MIIBgjCCASegAwIBAgIUZ/ko910pz7PK+09CnB6ORF+2U1EwCgYIKoZIzj0EAwIw
    IjEgMB4GA1UEAwwXSW52ZW50ZWQgVGVzdCBBdXRob3JpdHkwIBcNMjAwMTAxMDAw
    MDAwWhgPMjExOTEyMzEwMDAwMDBaMBoxGDAWBgNVBAMMD2ludmVudGVkIHNlcnZl
    cjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF0ecjyCZZwLYeEMQM9xkAFB8dmP
    CMUQQ/BhNeqIblfoAitnbQT52JXl1noV3HmcOAj7adevW97qEzX7okI6QEGjQTA/
    MAwGA1UdEwEB/wQCMAAwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMBMGA1Ud
    JQQMMAoGCCsGAQUFBwMBMAoGCCqGSM49BAMCA0kAMEYCIQD5moZ7CSTk0aA7KZYp
    v25ONIyZmczbT26/Z6SbEoUGKAIhAM9C6NwFQiY8Dufgu+yCDf07vdT3oNdOHJ25
    7SkZ6jfA
    -----END CERTIFICATE-----
    """

  static let serverKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmCJLHEUqrQzoqUU3
    rLLwgWu468ondjjnOXEYgo/YceChRANCAARdHnI8gmWcC2HhDEDPcZABQfHZjwjF
    EEPwYTXqiG5X6AIrZ20E+diV5dZ6Fdx5nDgI+2nXr1ve6hM1+6JCOkBB
    -----END PRIVATE KEY-----
    """

  static let client = """
    -----BEGIN CERTIFICATE-----
    MIIBZjCCAQugAwIBAgIUdnC1+hKyRkaS5lMosgjWodGzZXMwCgYIKoZIzj0EAwIw
    IjEgMB4GA1UEAwwXSW52ZW50ZWQgVGVzdCBBdXRob3JpdHkwIBcNMjAwMTAxMDAw
    MDAwWhgPMjExOTEyMzEwMDAwMDBaMBoxGDAWBgNVBAMMD2ludmVudGVkIGNsaWVu
    dDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHlfCgW9to3zkxWptGGBi6wXddd6
    Qnf3of+S6WOQ+AHhBSICViee8Qs3ZI7RPw4wdGK/v/80+aWNWVcH9WcRFD2jJTAj
    MAwGA1UdEwEB/wQCMAAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwCgYIKoZIzj0EAwID
    SQAwRgIhALkZ/x56QRg6QxrP0gZhYiOrT0Pqmc/gJ4ThgN1QBFqgAiEAwK9Pf+yT
    VLO0piAJOOe7LxhMQr0HadDaT0f4CO5dyqY=
    -----END CERTIFICATE-----
    """

  static let clientKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOE79/uAGx5SzWCFH
    aP2v+jgjj1aQYxfWmR+B8HIzw4uhRANCAAR5XwoFvbaN85MVqbRhgYusF3XXekJ3
    96H/kuljkPgB4QUiAlYnnvELN2SO0T8OMHRiv7//NPmljVlXB/VnERQ9
    -----END PRIVATE KEY-----
    """

  /// Writes texts into new files and lets `body` have their paths.
  static func withFiles(
    _ texts: [String], _ body: ([String]) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    var paths: [String] = []
    for (index, text) in texts.enumerated() {
      let file = folder.appending(path: "\(index).pem")
      try Data(text.utf8).write(to: file)
      paths.append(file.path())
    }
    try await body(paths)
  }
}
