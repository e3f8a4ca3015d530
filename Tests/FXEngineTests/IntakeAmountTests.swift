import FXDomain
import FXEngine
import FXFiles
import FXPorts
import Testing

@Suite struct `Amounts and spreads at the intake` {
  @Test(arguments: [
    // A cent of rand is no cent of dollars at any rate near the reference, in any pricing.
    (PricingMode.bank, Int64(1), true), (.bank, 8, true), (.bank, 10, false),
    (.otc, 1, true), (.otc, 8, true), (.otc, 10, false),
  ])
  func `an amount that comes to nothing around the OTC rate is a bad row`(
    pricing: PricingMode, cents: Int64, refused: Bool
  ) async throws {
    let desk = try await IntakeDesk()
    try await desk.setRate("17.7930")
    let row = desk.row(1, cents: cents, spread: .zero)
    guard refused else {
      _ = try await desk.submit([row], pricing: pricing).get()
      return
    }
    let problem = try #require(try await desk.problems(of: [row], pricing: pricing).kept.first)
    #expect(problem.code == .amountTooSmall)
    #expect(problem.column == "Amount")
    #expect(problem.detail.contains("around 17.7930 it comes to USD 0.00."))
    // Without a collar the quote may be any.
    let open = IntakeSettings(collarBasisPoints: nil)
    _ = try await desk.submit([row], pricing: pricing, settings: open).get()
  }

  @Test func `an amount of which no rate is known is left to the quote`() async throws {
    let desk = try await IntakeDesk()
    _ = try await desk.submit([desk.row(1, cents: 1)]).get()
  }

  @Test func `an amount that comes to nothing at its fixed rate is a bad row`() async throws {
    let desk = try await IntakeDesk()
    let rate = try Rate("18")
    let rows = [
      desk.row(1, cents: 8, isFixed: true, fixedRate: rate),
      desk.row(2, cents: 9, isFixed: true, fixedRate: rate),
    ]
    for pricing in [PricingMode.bank, .fixed] {
      let problems = try await desk.problems(of: rows, pricing: pricing)
      #expect(problems.kept.map(\.row) == [1])
      #expect(problems.kept.map(\.code) == [.amountTooSmall])
      #expect(problems.kept.first?.detail.contains("18.0000 it comes to USD 0.00.") == true)
    }
  }

  @Test(arguments: ["10000.0001", "-99999999"])
  func `a spread beyond the bounds is a bad row, wherever it comes from`(text: String) async throws
  {
    let desk = try await IntakeDesk()
    let spread = try Pips(text)
    // Stored before there were bounds.
    var old = desk.record(cif: "102")
    old.spread = spread
    _ = try await desk.store.upsert([old])
    let fixed = desk.row(3, cif: "102", cents: 20_000_000, isFixed: true, fixedRate: try Rate("18"))
    let problems = try await desk.problems(of: [
      desk.row(1, spread: spread), desk.row(2, cif: "102"), fixed,
    ])
    #expect(problems.kept.map(\.row) == [1, 2])
    #expect(problems.kept.map(\.column) == ["Spread", "Client CIF"])
    #expect(problems.kept.allSatisfy { $0.code == .spreadOutOfBounds })
    #expect(problems.kept.allSatisfy { $0.detail.contains("from -10000 to 10000 pips") })
    // A spread of the row's own stands in for the client's.
    _ = try await desk.submit([desk.row(1, cif: "102", spread: .zero)]).get()
  }
}

extension IntakeDesk {
  fileprivate func setRate(_ text: String) async throws {
    _ = try await store.setOTCRate(
      try Rate(text), for: pair, by: "thandi", confirmed: true, jumpBasisPoints: 300)
  }
}
