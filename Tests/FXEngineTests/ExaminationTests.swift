import FXDomain
import FXFiles
import FXPorts
import Testing

@testable import FXEngine

@Suite struct `An examination before a start` {
  private func staged(
    _ desk: IntakeDesk, _ rows: [TradeRow], allowsDuplicates: Bool = false,
    settings: IntakeSettings = IntakeSettings()
  ) async throws -> Batch {
    try await desk.intake(settings).submit(
      rows,
      BatchOptions(
        name: "Staged", pricing: .bank, starts: false, allowsDuplicates: allowsDuplicates),
      by: desk.person
    ).get()
  }

  private func told(_ examination: Examination) -> [String] {
    examination.items.filter { $0.code != "balance_unknown" }.map {
      "\($0.row ?? 0) \($0.severity.rawValue) \($0.code)"
    }
  }

  @Test func `tells of a cut-off that moves the date, and lets the batch start`() async throws {
    let desk = try await IntakeDesk()
    let cutOffs = try #require(CutOffs(minutesOfDay: [.spot: [.zar: 0]]))
    let settings = IntakeSettings(cutOffs: cutOffs)
    let batch = try await staged(desk, [desk.row(1), desk.row(2, cif: "102")], settings: settings)
    let intake = desk.intake(settings)
    let found = try await intake.examine(batch)
    #expect(told(found) == ["1 warning cut_off_passed", "2 warning cut_off_passed"])
    #expect(found.items.allSatisfy { ($0.trade == nil) == ($0.row == nil) })
    #expect(found.items.last?.detail.contains("2026-11-13") == true)
    let started = try await intake.start(batch, by: desk.person).get()
    #expect(started.batch.status == .pending)
    #expect(started.warnings.count == 3)
  }

  @Test func `tells of repetitions that are wanted, within the batch and the last day`()
    async throws
  {
    let desk = try await IntakeDesk()
    _ = try await staged(desk, [desk.row(1)])
    let rows = [desk.row(1), desk.row(2), desk.row(3, cif: "102")]
    let batch = try await staged(desk, rows, allowsDuplicates: true)
    let found = try await desk.intake().examine(batch)
    #expect(
      told(found) == [
        "1 warning duplicate_recent", "2 warning duplicate_in_file", "2 warning duplicate_recent",
      ])
    desk.clock.advance(byMilliseconds: 90_000_000)
    #expect(told(try await desk.intake().examine(batch)) == ["2 warning duplicate_in_file"])
    let none = DeskRules.Severity?.none
    let off = IntakeSettings(rules: DeskRules(exceptions: [.duplicate: none]))
    #expect(told(try await desk.intake(off).examine(batch)).isEmpty)
  }

  @Test func `refuses a start with everything that is wrong, and changes nothing`() async throws {
    let desk = try await IntakeDesk()
    let batch = try await staged(desk, [desk.row(1), desk.row(2, cif: "102")])
    _ = try await desk.store.setActive(false, cifNumber: "102")
    let rules = DeskRules(limits: DealLimits(trade: Money(minorUnits: 1, currency: .zar)))
    let intake = desk.intake(IntakeSettings(rules: rules))
    guard case .failure(.examined(let found)) = try await intake.start(batch, by: desk.person)
    else {
      Issue.record("it was started")
      return
    }
    #expect(
      found[.error].map(\.code).sorted() == ["client_inactive", "limit_exceeded", "limit_exceeded"])
    #expect(try await desk.store.batch(batch.id) == batch)
  }

  @Test func `counts every finding and keeps the first thousand of each weight`() {
    var examination = Examination()
    for row in 1...1_500 {
      for severity in DeskRules.Severity.allCases {
        examination.add(
          Examination.Item(row: row, severity: severity, code: "code", detail: "It is so."))
      }
    }
    #expect(examination.errors == 1_500)
    #expect(examination.warnings == 1_500)
    #expect(examination.items.count == 2_000)
    #expect(examination.items.prefix(3).map(\.row) == [1, 1, 2])
  }

  @Test(arguments: [
    (DeskRules.Severity?.none, Int?.some(0)), (.warning, 2), (.error, nil),
  ])
  func `weighs repetitions at the intake as configured`(
    severity: DeskRules.Severity?, findings: Int?
  ) async throws {
    let desk = try await IntakeDesk()
    _ = try await staged(desk, [desk.row(1)])
    let settings = IntakeSettings(rules: DeskRules(exceptions: [.duplicate: severity]))
    let taken = try await desk.intake(settings).take(
      [desk.row(1), desk.row(2, cif: "102"), desk.row(3, cif: "102")],
      BatchOptions(name: "Again", pricing: .bank, starts: false, allowsDuplicates: false),
      by: desk.person)
    switch taken {
    case .success(let taken): #expect(taken.warnings.count == findings)
    case .failure: #expect(findings == nil)
    }
  }
}
