import FXDomain
import Testing

@Suite struct `An identifier` {
  @Test func `is read in either case and written in lower case`() throws {
    let identifier = try #require(Identifier("0123ABCD-4567-89ef-FEDC-ba9876543210"))
    #expect(identifier.high == 0x0123_abcd_4567_89ef)
    #expect(identifier.low == 0xfedc_ba98_7654_3210)
    #expect(identifier.description == "0123abcd-4567-89ef-fedc-ba9876543210")
    #expect(identifier.bytes.prefix(4) == [0x01, 0x23, 0xab, 0xcd])
    #expect(identifier.bytes.suffix(2) == [0x32, 0x10])
  }

  @Test(arguments: [
    "", "-", "0123abcd456789effedcba9876543210", "0123abcd-4567-89ef-fedc-ba987654321",
    "0123abcd-4567-89ef-fedc-ba98765432100", "0123abcd-4567-89ef-fedc-ba987654321g",
    "{0123abcd-4567-89ef-fedc-ba987654321}", "0123abcd-4567-89ef-fedc-ba987654321 ",
    "0123abcd_4567-89ef-fedc-ba9876543210", "0123abc-d4567-89ef-fedc-ba9876543210",
    "0123abcd-4567-89ef-fedc-ba98765432１", "0123abcd-4567-89ef-fedc-ba9876543210-",
    "--------------------------------------",
  ])
  func `refuses any other text`(text: String) {
    #expect(Identifier(text) == nil)
  }

  @Test func `goes through text and back`() {
    var random = SeededRandom(seed: 86)
    for _ in 0..<2_000 {
      let identifier = Identifier(high: random.next(), low: random.next())
      #expect(Identifier(identifier.description) == identifier)
    }
  }

  @Test func `made of a moment is ordered by it and has version 7`() {
    let random: (UInt64, UInt64) = (.max, .max)
    let earlier = Identifier.timeOrdered(at: Timestamp(milliseconds: 1_000), random: random)
    let later = Identifier.timeOrdered(at: Timestamp(milliseconds: 1_001), random: (0, 0))
    #expect(earlier < later)
    #expect(earlier.description == "00000000-03e8-7fff-bfff-ffffffffffff")
    #expect(later.description == "00000000-03e9-7000-8000-000000000000")
  }

  @Test func `made of a name has version 5`() {
    // The SHA-1 of RFC 9562's example: the DNS name space and www.example.com.
    let digest: [UInt8] = [
      0x2e, 0xd6, 0x65, 0x7d, 0xe9, 0x27, 0x46, 0x8b, 0x55, 0xe1, 0x26, 0x65, 0xa8, 0xae, 0xa6,
      0xa2, 0x2d, 0xee, 0x3e, 0x35,
    ]
    let identifier = Identifier.nameBased(digest: digest)
    #expect(identifier.description == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  }
}
